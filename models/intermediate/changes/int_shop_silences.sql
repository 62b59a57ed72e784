-- Days without any order of the whole shop, as known at the end of a month.
with seen as (

    select
        months.*,
        {{ dbt.dateadd('month', -1, 'months.month') }} as window_start_date,
        shop_days.order_date,
        shop_days.order_days,
        shop_days.silent_days
    from {{ ref('int_membership_months') }} as months
    left join {{ ref('int_shop_days') }} as shop_days
        on
            months.month_end_date >= shop_days.order_date
            and shop_days.order_date >= {{ dbt.dateadd(
                'month', -13, 'months.month'
            ) }}

),

silences as (

    select
        month,
        month_end_date,
        cast(window_start_date as date) as window_start_date,
        greatest(
            coalesce(max(case
                when order_date >= window_start_date then silent_days
            end), 0),
            coalesce(cast({{ dbt.datediff(
                'max(order_date)', 'month_end_date', 'day'
            ) }} as bigint), 0)
        ) as silent_days,
        coalesce(max(case
            when order_date < window_start_date then silent_days
        end), 0) as silent_days_before,
        {{ ratio(
            'sum(order_days)',
            dbt.datediff('min(order_date)', 'month_end_date', 'day')
        ) }} as order_days_a_day
    from seen
    group by 1, 2, 3

)

select * from silences
