-- Both are judged on the same outcomes, which neither knew.
{% set measures = [
    'log_loss', 'segment_log_loss', 'gain', 'gain_low', 'gain_high', 'brier',
    'segment_brier', 'said_worse_share', 'came_worse_share'
] -%}
with latest as (

    select max(month) as month from {{ ref('int_membership_months') }}

),

published as (

    select
        {{ surrogate_key(['records.segmentation', 'records.horizon_months']) }}
            as move_accuracy_id,
        records.segmentation,
        records.model,
        records.decision,
        records.horizon_months,
        records.origins,
        records.customers,
        {% for measure in measures -%}
        round(records.{{ measure }}, 9) as {{ measure }},
        {% endfor -%}
        records.is_published,
        cast(latest.month as date) as month
    from {{ ref('int_move_records') }} as records
    cross join latest

)

select * from published
