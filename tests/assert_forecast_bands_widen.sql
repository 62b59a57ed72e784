-- Naive says the same amount for every month ahead, and is less sure each time.
with backtests as (

    select * from {{ ref('fct_forecast_backtests') }}
    where model = 'naive'

),

lagged as (

    select
        *,
        lag(upper_80_amount) over (
            partition by segmentation, segment_id, origin_month
            order by horizon
        ) as earlier_upper_80_amount,
        lag(lower_80_amount) over (
            partition by segmentation, segment_id, origin_month
            order by horizon
        ) as earlier_lower_80_amount
    from backtests

),

failures as (

    select * from lagged
    where
        upper_80_amount < earlier_upper_80_amount
        or lower_80_amount > earlier_lower_80_amount

)

select * from failures
