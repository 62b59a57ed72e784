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
        cast(null as string) as unreadable_line,
        cast(null as string) as left_out_line
    where 1 = 0
    {%- else %}
    select
        {%- for name in names %}
        {{ found.get(name, 'cast(null as string)') }} as {{ name }},
        {%- endfor %}
        {{ found.get('_unreadable', 'cast(null as string)') }}
            as unreadable_line,
        {{ found.get('_left_out', 'cast(null as string)') }} as left_out_line
    from {{ relation }}
    {%- endif %}

),

-- One step a query: an expression that repeats its column is planned as often.
trimmed as (

    select
        {%- for name in names %}
        {{ trim_blanks(name) }} as {{ name }},
        {%- endfor %}
        unreadable_line,
        left_out_line,
        coalesce(
            unreadable_line, left_out_line, {{ row_as_text(names) }}
        ) as raw_row
    from source_rows

),

unguarded as (

    select
        {%- for name in names %}
        {{ unguarded_text(name) }} as {{ name }},
        {%- endfor %}
        unreadable_line,
        left_out_line,
        raw_row
    from trimmed

),

cleaned as (

    select
        {%- for name in names %}
        {{ clean_text(name, name in contract.words) }} as {{ name }},
        {%- endfor %}
        unreadable_line,
        left_out_line,
        raw_row
    from unguarded

)

select * from cleaned
{% endmacro %}


{% macro _match_input_columns(table, relation, contract) %}
    {% set found = {} %}
    {% set known = contract.required + contract.optional %}
    {% set unused, named = [], [] %}
    {% set is_file = relation is not string and relation.identifier == table %}
    {% set columns = adapter.get_column_schema_from_query(
        "select * from " ~ relation ~ " where 1 = 0"
    ) %}
    {% for column in columns %}
        {% do named.append(_snake_case(column.name)) %}
    {% endfor %}
    {% for column in columns %}
        {% set name = named[loop.index0] %}
        {% set is_own = is_file and column.name in ('_unreadable', '_left_out') %}
        {% set other = (contract.other_names or {}).get(name, name) %}
        {% set name = column.name if is_own
            else (name if other in named else other) %}
        {% if name not in found and (is_own or name in known) %}
            {% do found.update({name: _text_of(column)}) %}
        {% else %}
            {% do unused.append(column.name) %}
        {% endif %}
    {% endfor %}
    {% for column in contract.required if column not in found %}
        {{ exceptions.raise_compiler_error(
            "The input table " ~ table ~ " (read from " ~ relation ~ ") has no "
            ~ "column " ~ column ~ ". Found: "
            ~ columns | map(attribute='name') | join(', ')
            ~ ". Rename the column, or map it in a file like inputs/template.yml "
            ~ "and build with INPUT=that file."
        ) }}
    {% endfor %}
    {% if unused and relation is string %}
        {% do log(
            "Note: " ~ table ~ " does not use these columns of " ~ relation ~ ": "
            ~ unused[:10] | join(', ')
            ~ (" and " ~ (unused | length - 10) ~ " more" if unused | length > 10
                else "") ~ ".", info=true
        ) %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}


{% macro _text_of(column) %}
    {%- set text = "cast(" ~ adapter.quote(column.name) ~ " as string)" -%}
    {%- if column.dtype == 'TIMESTAMP WITH TIME ZONE' -%}
        {{- return(
            "timezone('UTC', " ~ adapter.quote(column.name) ~ ") || '+00:00'"
        ) -}}
    {%- endif -%}
    {%- set kinds = ('double', 'float', 'real', 'decimal', 'numeric', 'number') -%}
    {%- if (column.dtype | lower).startswith(kinds) -%}
        {{- return(
            "case when " ~ matches_pattern(text, '[.][0-9]{3}$') ~ " then "
            ~ dbt.concat([text, "'0'"]) ~ " else " ~ text ~ " end"
        ) -}}
    {%- endif -%}
    {{- return(text) -}}
{% endmacro %}


{% macro _snake_case(name) %}
    {% set spaced = modules.re.sub(
        '(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name
    ) %}
    {{ return(modules.re.sub('[\\W_]+', '_', spaced).strip('_') | lower) }}
{% endmacro %}
