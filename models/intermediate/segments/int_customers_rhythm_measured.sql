-- How a customer's spend lies in the days up to a review of segments, those of
-- their window or 90; customers with orders in them.
with orders as (

    select * from {{ ref('int_orders_accepted') }}
    where not is_return

),

reviews as (

    select distinct
        segmentations.recent_days,
        membership_months.month,
        membership_months.month_end_date
    from {{ ref('int_segment_reviews') }} as segment_reviews
    inner join {{ ref('int_segmentations') }} as segmentations
        on segment_reviews.segmentation = segmentations.segmentation
    inner join {{ ref('int_membership_months') }} as membership_months
        on segment_reviews.month = membership_months.month

),

dated as (

    select
        reviews.month,
        reviews.recent_days,
        orders.customer_id,
        orders.amount + orders.returned_amount as amount,
        orders.is_promotion,
        cast(reviews.recent_days - {{ dbt.datediff(
            'orders.order_date', 'reviews.month_end_date', 'day'
        ) }} as bigint) as day_number,
        extract(month from orders.order_date) * 100
        + extract(day from orders.order_date) as month_day,
        {{ weekday_number('orders.order_date') }} as weekday_number
    from orders
    inner join reviews
        on orders.order_date <= reviews.month_end_date

),

-- With what is spent in the two weeks from a day on.
recent as (

    select
        *,
        sum(amount) over (
            partition by month, recent_days, customer_id
            order by day_number
            range between current row and 13 following
        ) as fortnight_amount
    from dated
    where day_number > 0

),

measured as (

    select
        month,
        recent_days,
        customer_id,
        cast(count(*) as bigint) as orders,
        cast(count(distinct floor((day_number - 1) / 7)) as bigint)
            as active_weeks,
        {{ average('amount') }} as average_order_amount,
        {% for part, condition in {
            'first_third_share': '3 * day_number <= recent_days',
            'last_third_share': '3 * day_number > 2 * recent_days',
            'gift_season_share': 'month_day between 1125 and 1224'
        }.items() -%}
        {{ share(
            'sum(case when ' ~ condition ~ ' then amount else 0 end)',
            'sum(amount)'
        ) }} as {{ part }},
        {% endfor -%}
        {{ average('case when weekday_number <= 5 then 1 else 0 end') }}
            as weekday_share,
        {{ average('case when is_promotion then 1 else 0 end') }}
            as promotion_share,
        {{ share('max(fortnight_amount)', 'sum(amount)') }}
            as fortnight_share
    from recent
    group by 1, 2, 3

)

select * from measured
