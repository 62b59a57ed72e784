-- Shares and averages over the month and the eleven before it. What was bought
-- before may be given back: all of it is the most that can be.
with featured as (

    select
        customer_id,
        month,
        recency_days,
        orders_12_months,
        sessions_12_months,
        items_12_months,
        revenue_12_months_amount,
        coalesce(
            {{ ratio('revenue_12_months_amount', 'orders_12_months') }}, 0
        ) as average_order_amount,
        coalesce(
            {{ share('discount_12_months_amount', 'list_12_months_amount') }}, 0
        ) as discount_share,
        coalesce(
            {{ share(
                'returned_12_months_amount',
                'greatest(list_12_months_amount, returned_12_months_amount)'
            ) }}, 0
        ) as returned_share
    from {{ ref('int_customer_months_windowed') }}

),

gathered as (

    select
        customer_id,
        {{ series_array(
            [
                'revenue_12_months_amount', 'orders_12_months',
                'average_order_amount', 'items_12_months', 'discount_share',
                'returned_share', 'sessions_12_months', 'recency_days'
            ],
            'month'
        ) }} as series_values
    from featured
    group by customer_id

)

select * from gathered
