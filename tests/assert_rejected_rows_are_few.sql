-- Too many unusable rows mean that an input was misread. Totals are no rows.
with inputs as (

    select * from {{ ref('rpt_input_reconciliations') }}

),

totals as (

    select
        input_table,
        count(*) as total_rows
    from {{ ref('fct_rejected_rows') }}
    where reason_code = 'total_row'
    group by 1

)

select inputs.*
from inputs
left join totals
    on inputs.input_table = totals.input_table
where
    inputs.rejected_rows - coalesce(totals.total_rows, 0)
    > {{ var('rejected_share_threshold') }}
    * (inputs.read_rows - coalesce(totals.total_rows, 0))
