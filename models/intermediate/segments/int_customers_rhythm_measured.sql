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

recent as (

    select
        reviews.month,
        reviews.recent_days,
        orders.customer_id,
        orders.order_date,
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
    where {{ dbt.datediff(
        'orders.order_date', 'reviews.month_end_date', 'day'
    ) }} < reviews.recent_days

),

starts as (

    select distinct
        month,
        recent_days,
        customer_id,
        day_number
    from recent

),

-- The two weeks that hold most of the spend.
fortnights as (

    select
        starts.month,
        starts.recent_days,
        starts.customer_id,
        starts.day_number,
        sum(recent.amount) as fortnight_amount
    from starts
    inner join recent
        on
            starts.month = recent.month
            and starts.recent_days = recent.recent_days
            and starts.customer_id = recent.customer_id
            and recent.day_number
            between starts.day_number and starts.day_number + 13
    group by 1, 2, 3, 4

),

busiest as (

    select
        month,
        recent_days,
        customer_id,
        max(fortnight_amount) as fortnight_amount
    from fortnights
    group by 1, 2, 3

),

measured as (

    select
        recent.month,
        recent.recent_days,
        recent.customer_id,
        cast(count(*) as bigint) as orders,
        cast(count(distinct floor((recent.day_number - 1) / 7)) as bigint)
            as active_weeks,
        {{ average('recent.amount') }} as average_order_amount,
        {% for part, condition in {
            'first_third_share': '3 * recent.day_number <= recent.recent_days',
            'last_third_share': '3 * recent.day_number > 2 * recent.recent_days',
            'gift_season_share': 'recent.month_day between 1125 and 1224'
        }.items() -%}
        {{ share(
            'sum(case when ' ~ condition ~ ' then recent.amount else 0 end)',
            'sum(recent.amount)'
        ) }} as {{ part }},
        {% endfor -%}
        {{ average('case when recent.weekday_number <= 5 then 1 else 0 end') }}
            as weekday_share,
        {{ average('case when recent.is_promotion then 1 else 0 end') }}
            as promotion_share,
        {{ share('max(busiest.fortnight_amount)', 'sum(recent.amount)') }}
            as fortnight_share
    from recent
    inner join busiest
        on
            recent.month = busiest.month
            and recent.recent_days = busiest.recent_days
            and recent.customer_id = busiest.customer_id
    group by 1, 2, 3

)

select * from measured
