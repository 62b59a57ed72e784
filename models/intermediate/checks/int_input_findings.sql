-- What the data could not decide, or contradict: said, or the end of the build.
{% set rooms = ['orders', 'numbers', 'amounts'] -%}

with findings as (

    select * from {{ ref('input_findings') }}

),

found as (

    {% for room in rooms -%}
    select
        input_table,
        finding_code,
        column_name,
        value,
        cast(found_rows as bigint) as found_rows,
        cast(of_rows as bigint) as of_rows
    from {{ ref('int_findings_of_' ~ room) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

worded as (

    select
        found.*,
        findings.severity,
        {% set sentence = namespace(sql='findings.sentence') -%}
        {%- for name, text in {
            'input': 'found.input_table',
            'column': "coalesce(found.column_name, '')",
            'value': "coalesce(found.value, '')",
            'rows': 'cast(found.found_rows as string)',
            'of_rows': 'cast(found.of_rows as string)',
            'share': dbt.concat([rounded_text(
                '100.0 * found.found_rows / nullif(found.of_rows, 0)', 1
            ), "' %'"])
        }.items() -%}
            {%- set sentence.sql =
                "replace(" ~ sentence.sql ~ ", '{" ~ name ~ "}', " ~ text ~ ")"
            -%}
        {%- endfor -%}
        {{ sentence.sql }} as sentence
    from found
    inner join findings
        on found.finding_code = findings.finding_code

)

select * from worded
