with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

gathered as (

    select
        customer_id,
        {{ series_array(
            ['recency_days', 'orders_12_months', 'revenue_12_months_amount'],
            'month'
        ) }} as series_values
    from customer_months
    group by customer_id

)

select * from gathered
