{# Selects an input table with exactly the columns of the input contract, all
   as text: column names are matched in any case or style, optional columns
   that are absent are null, words that mean "nothing" are null. `raw_row` is
   the row as it was read, for the table of rejected rows. A missing required
   column stops the build with a sentence. #}
{% macro select_input(table) %}
    {%- set contract = input_columns(table) -%}
    {%- set names = contract.required + contract.optional -%}
    {%- set relation = input_relation(table) -%}
    {%- set found = {} -%}
    {%- if relation is not none and execute -%}
        {%- set found = _match_input_columns(table, relation, contract) -%}
    {%- endif -%}
with source_rows as (

    {%- if relation is none %}
    select
        {%- for name in names %}
        cast(null as string) as {{ name }},
        {%- endfor %}
        cast(null as string) as unreadable_line
    where 1 = 0
    {%- else %}
    select
        {%- for name in names %}
        cast({{ found.get(name, 'null') }} as string) as {{ name }},
        {%- endfor %}
        cast({{ found.get('_unreadable', 'null') }} as string) as unreadable_line
    from {{ relation }}
    {%- endif %}

),

cleaned as (

    select
        {%- for name in names %}
        {{ clean_text(name, name in contract.words) }} as {{ name }},
        {%- endfor %}
        unreadable_line,
        coalesce(unreadable_line, {{ row_as_text(names) }}) as raw_row
    from source_rows

)

select * from cleaned
{% endmacro %}


{% macro _match_input_columns(table, relation, contract) %}
    {% set found = {} %}
    {% set is_file = relation is not string and relation.identifier == table %}
    {% set columns = adapter.get_column_schema_from_query(
        "select * from " ~ relation ~ " where 1 = 0"
    ) %}
    {% for column in columns %}
        {% set name = _snake_case(column.name) %}
        {% if column.name == '_unreadable' and is_file %}
            {% set name = '_unreadable' %}
        {% endif %}
        {% if name not in found %}
            {% set quoted = adapter.quote(column.name) %}
            {% set is_amount = name in number_columns() and modules.re.match(
                'double|float|real|decimal|numeric', column.dtype | lower
            ) %}
            {% do found.update({
                name: _decided_number(quoted) if is_amount else quoted
            }) %}
        {% endif %}
    {% endfor %}
    {% for name in contract.required if name not in found %}
        {{ exceptions.raise_compiler_error(
            "The input table " ~ table ~ " (read from " ~ relation ~ ") has no "
            ~ "column " ~ name ~ ". Found: "
            ~ columns | map(attribute='name') | join(', ')
            ~ ". Rename the column, or map it in a file like inputs/template.yml "
            ~ "and build with INPUT=that file."
        ) }}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{# A number as text that can be read in one way only: never with three decimals,
   which could be thousands. #}
{% macro _decided_number(number) -%}
    {%- set text = 'cast(' ~ number ~ ' as string)' -%}
    concat({{ text }}, case
        when {{ matches_pattern(text, '[.][0-9]{3}$') }} then '0' else ''
    end)
{%- endmacro %}


{# transactionId, Transaction ID and TRANSACTION-ID are all transaction_id. #}
{% macro _snake_case(name) %}
    {% set split = modules.re.sub('([a-z0-9])([A-Z])', '\\1_\\2', name) %}
    {% set plain = modules.re.sub('[^A-Za-z0-9]+', '_', split) | lower %}
    {{ return(plain.strip('_')) }}
{% endmacro %}
