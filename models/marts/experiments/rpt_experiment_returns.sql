-- Discounts of those who would have bought anyway are in every cost, and what
-- is told of revenue alone says so.
with returns as (

    select * from {{ ref('int_experiment_returns') }}

),

experiments as (

    select * from {{ ref('int_experiments_judged') }}

),

discounts as (

    select * from {{ ref('int_experiment_discounts') }}

),

published as (

    select
        {{ surrogate_key(['returns.experiment', 'returns.arm']) }}
            as experiment_return_id,
        cast(returns.experiment as string) as experiment,
        cast(returns.arm as string) as arm,
        cast(returns.reason as string) as reason,
        cast(returns.payback_weeks as bigint) as payback_weeks,
        {% for column in [
            'gain', 'gain_lower', 'gain_upper', 'cost', 'discount_cost',
            'return_on_investment', 'return_lower', 'return_upper',
            'probability_positive', 'break_even_lift', 'test_cost', 'test_worth'
        ] -%}
        cast(round(returns.{{ column }}, 6) as double) as {{ column }},
        {% endfor -%}
        case when experiments.segment_id is null then 1e0
            else discounts.discount_share
        end as discount_share_spent,
        case when experiments.segment_id is null then 1e0
            else discounts.revenue_share
        end as revenue_share,
        returns.margin_is_known as is_of_margin
    from returns
    inner join experiments
        on returns.experiment = experiments.experiment
    left join discounts
        on experiments.segment_id = discounts.segment_id

)

select * from published
