-- Too many unusable rows mean that an input was misread. Totals are no rows,
-- and those that a mapping leaves out are none either.
with inputs as (

    select * from {{ ref('rpt_input_reconciliations') }}

),

left_out as (

    select
        input_table,
        count(*) as left_out_rows
    from {{ ref('fct_rejected_rows') }}
    where reason_code in ('total_row', 'left_out_by_mapping')
    group by 1

)

select inputs.*
from inputs
left join left_out
    on inputs.input_table = left_out.input_table
where
    inputs.rejected_rows - coalesce(left_out.left_out_rows, 0)
    > {{ var('rejected_share_threshold') }}
    * (inputs.read_rows - coalesce(left_out.left_out_rows, 0))
