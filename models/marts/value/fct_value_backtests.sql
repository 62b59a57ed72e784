-- What was said knew nothing after its origin; the tenths of an origin hold all
-- of its customers, the highest first.
with records as (

    select * from {{ ref('int_value_records') }}
    where part = 'decile'

),

published as (

    select
        {{ surrogate_key([
            'origin_month', 'target', 'horizon_days', 'model', 'decile'
        ]) }} as value_backtest_id,
        cast(target as string) as target,
        cast(model as string) as model,
        cast(horizon_days as bigint) as horizon_days,
        cast(decile as bigint) as decile,
        cast(customers as bigint) as customers,
        cast(round(said, 6) as double) as said_value,
        cast(round(came, 6) as double) as came_value,
        cast(origin_month as date) as origin_month,
        cast(judged_month as date) as month
    from records

)

select * from published
