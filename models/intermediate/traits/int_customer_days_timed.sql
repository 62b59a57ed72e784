-- A customer's days with orders, as they lie before each month's end.
with orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_return

),

months as (

    select distinct
        segmentations.recent_days,
        membership_months.month,
        membership_months.month_end_date
    from {{ ref('int_segmentations') }} as segmentations
    cross join {{ ref('int_membership_months') }} as membership_months

),

dated as (

    select
        customer_id,
        order_date,
        cast(count(*) as bigint) as orders,
        cast(sum(case when is_promotion then 1 else 0 end) as bigint)
            as promotion_orders,
        extract(month from order_date) * 100 + extract(day from order_date)
            as month_day,
        extract(day from order_date) as day_of_month,
        extract(day from {{ dbt.last_day('order_date', 'month') }})
            as days_in_month,
        {{ weekday_number('order_date') }} as weekday_number
    from orders
    group by customer_id, order_date

),

aged as (

    select
        months.month,
        months.recent_days,
        dated.*,
        cast({{ dbt.datediff(
            'dated.order_date', 'months.month_end_date', 'day'
        ) }} as bigint) as days_ago
    from dated
    inner join months
        on
            dated.order_date <= months.month_end_date
            and dated.order_date > {{ dbt.dateadd(
                'day', -460, 'months.month_end_date'
            ) }}

),

-- What lies in some days from this one on, up to this one, and a year ago.
timed as (

    select
        *,
        days_ago < recent_days as is_of_recent_days,
        days_ago < 2 * recent_days as is_of_rhythm,
        days_ago < 365 as is_of_year,
        lead(days_ago) over (
            partition by month, recent_days, customer_id order by days_ago
        ) - days_ago as gap_days,
        {% for name, frame in {
            'fortnight_orders': '13 preceding and current row',
            'six_weeks_orders': '41 preceding and current row',
            'month_before_orders': 'current row and 29 following',
            'year_before_orders': '351 following and 379 following'
        }.items() -%}
        coalesce(sum(orders) over (
            partition by month, recent_days, customer_id order by days_ago
            range between {{ frame }}
        ), 0) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from aged

),

-- A day is a peak beside the two weeks before it and after it; its week is
-- busy beside the recent days.
peaks as (

    select
        month,
        recent_days,
        days_ago,
        count(*) >= 1.25 * avg(count(*)) over (
            partition by month, recent_days order by days_ago
            range between 14 preceding and 14 following
        ) as is_peak,
        avg(count(*)) over (
            partition by month, recent_days order by days_ago
            range between 3 preceding and 3 following
        ) >= 1.3 * avg(case when days_ago < recent_days then count(*) end)
            over (partition by month, recent_days) as is_busy
    from aged
    group by month, recent_days, days_ago

),

judged as (

    select timed.*, peaks.is_peak, peaks.is_busy
    from timed
    inner join peaks
        on
            timed.month = peaks.month
            and timed.recent_days = peaks.recent_days
            and timed.days_ago = peaks.days_ago

)

select * from judged
