-- Words that a column may not mean as they were taken: flags that are neither
-- yes nor no, NA as a value, and ids that a spreadsheet has rounded. Flags are
-- judged once a text (its min is itself), not once a row.
{% set flags = {
    'transactions': ['is_return', 'online_order'],
    'customer_demographics': ['deceased_indicator', 'owns_car']
} %}
{% set ids = {'transactions': ['transaction_id', 'customer_id']} %}
{% set checked = [] %}
{% for table, columns in flags.items() %}{% for column in columns %}
    {% do checked.append((
        table, column, 'unknown_flag', none,
        'min(' ~ column ~ ') is not null and '
        ~ parse_boolean('min(' ~ column ~ ')') ~ ' is null'
    )) %}
{% endfor %}{% endfor %}
{% for table, columns in ids.items() %}{% for column in columns %}
    {% do checked.append((
        table, column, 'ids_of_spreadsheet',
        column ~ " like '%E+%' and "
        ~ matches_pattern(column, '^[0-9]([.,][0-9]+)?E[+][0-9]+$'), none
    )) %}
{% endfor %}{% endfor %}
{% for table in ['customer_demographics', 'customer_addresses'] %}
    {% for column in input_columns(table).words %}
        {% do checked.append((
            table, column, 'word_taken_as_value', column ~ " = 'NA'", none
        )) %}
    {% endfor %}
{% endfor -%}

with found as (

    {% for table, column, code, row_condition, text_condition in checked -%}
    select
        '{{ table }}' as input_table,
        '{{ code }}' as finding_code,
        '{{ column }}' as column_name,
        {{ column }} as value,
        count(*) as found_rows
    from {{ ref('base_retail__' ~ table) }}
    {{ 'where ' ~ row_condition if row_condition }}
    group by 4
    {{ 'having ' ~ text_condition if text_condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

totals as (

    {% for table in flags.keys() | list + ['customer_addresses'] -%}
    select
        '{{ table }}' as input_table,
        count(*) as of_rows
    from {{ ref('base_retail__' ~ table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    found.*,
    totals.of_rows
from found
inner join totals
    on found.input_table = totals.input_table
