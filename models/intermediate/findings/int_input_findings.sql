-- What the data could not decide, or contradict: said, or the end of the build.
-- Of many values of one kind the ten most frequent are said.
{% set rooms = [
    'orders', 'words', 'customers', 'guests', 'matches', 'numbers',
    'currencies', 'amounts', 'dates', 'days', 'lost_dates'
] -%}

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

ranked as (

    select
        *,
        sum(found_rows) over (partition by input_table, finding_code)
        > of_rows * {{ var('contradicting_share_threshold') }} as are_many,
        row_number() over (
            partition by input_table, finding_code, column_name
            order by found_rows desc, value
        ) as place
    from found

),

worded as (

    select
        ranked.input_table,
        ranked.finding_code,
        ranked.column_name,
        ranked.value,
        ranked.found_rows,
        ranked.of_rows,
        case
            when ranked.are_many then findings.severity_of_many
            else findings.severity_of_few
        end as severity,
        {% set sentence = namespace(sql='findings.sentence') -%}
        {%- for name, text in {
            'input': 'ranked.input_table',
            'column': "coalesce(ranked.column_name, '')",
            'value': "coalesce(ranked.value, '')",
            'rows': 'cast(ranked.found_rows as string)',
            'of_rows': 'cast(ranked.of_rows as string)',
            'share': dbt.concat([rounded_text(
                '100.0 * ranked.found_rows / nullif(ranked.of_rows, 0)', 1
            ), "' %'"])
        }.items() -%}
            {%- set sentence.sql =
                "replace(" ~ sentence.sql ~ ", '{" ~ name ~ "}', " ~ text ~ ")"
            -%}
        {%- endfor -%}
        {{ sentence.sql }} as sentence
    from ranked
    inner join findings
        on ranked.finding_code = findings.finding_code
    where ranked.place <= 10

)

select *
from worded
where severity is not null
