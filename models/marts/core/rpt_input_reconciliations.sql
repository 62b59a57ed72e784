-- What was read is what was accepted, rejected or merged. The count of what was
-- read comes from the input itself, not from the checked rows.
{% set inputs = [
    'transactions', 'customer_demographics', 'customer_addresses',
    'web_sessions'
] -%}

with input_rows as (

    select * from {{ ref('int_input_rows_checked') }}

),

counted as (

    {% for input in inputs -%}
    select
        '{{ input }}' as input_table,
        cast(count(*) as bigint) as read_rows
    from {{ ref('base_retail__' ~ input) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

judged as (

    select
        input_table,
        sum(case when reason_code is null then 1 else 0 end) as accepted_rows,
        sum(case when reason_code = 'exact_duplicate' then 1 else 0 end)
            as merged_duplicates,
        sum(case when reason_code <> 'exact_duplicate' then 1 else 0 end)
            as rejected_rows,
        sum(case when reason_code is null then repaired_values else 0 end)
            as repaired_values
    from input_rows
    group by 1

),

published as (

    select
        counted.input_table as input_reconciliation_id,
        counted.input_table,
        counted.read_rows,
        cast(coalesce(judged.accepted_rows, 0) as bigint) as accepted_rows,
        cast(coalesce(judged.rejected_rows, 0) as bigint) as rejected_rows,
        cast(coalesce(judged.merged_duplicates, 0) as bigint)
            as merged_duplicates,
        cast(coalesce(judged.repaired_values, 0) as bigint)
            as repaired_values,
        cast(coalesce(judged.rejected_rows / nullif(
            cast(counted.read_rows as double), 0
        ), 0) as double) as rejected_share,
        counted.read_rows = coalesce(
            judged.accepted_rows + judged.rejected_rows
            + judged.merged_duplicates, 0
        ) as is_balanced
    from counted
    left join judged
        on counted.input_table = judged.input_table

)

select * from published
