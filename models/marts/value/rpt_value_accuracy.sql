-- Every model is judged on customers whose outcome it did not know, beside the
-- baseline on the same ones.
{% set measures = [
    'auc', 'auc_low', 'auc_high', 'auc_recency', 'auc_rfm', 'gain', 'gain_low',
    'gain_high', 'brier', 'calibration_error', 'calibration_low',
    'calibration_high', 'gini', 'relative_error',
    'relative_total_error', 'coverage_80_share', 'coverage_low_share',
    'coverage_high_share', 'origin_spread', 'customer_spread',
    'sum_reach'
] -%}
with records as (

    select
        *,
        max(origin_month) over () as latest_month
    from {{ ref('int_value_records') }}
    where part = 'judgement'

),

published as (

    select
        {{ surrogate_key(['target', 'model']) }} as value_accuracy_id,
        cast(target as string) as target,
        cast(model as string) as model,
        cast(decision as string) as decision,
        cast(reason as string) as reason,
        cast(horizon_days as bigint) as horizon_days,
        cast(evidence_origins as bigint) as origins,
        cast(customers as bigint) as customers,
        cast(round(said, 6) as double) as said_value,
        cast(round(came, 6) as double) as came_value,
        {% for measure in measures -%}
        cast(round({{ measure }}, 6) as double) as {{ measure }},
        {% endfor -%}
        is_published,
        cast(origin_month as date) as month
    from records
    where origin_month = latest_month

)

select * from published
