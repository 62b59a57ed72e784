with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

gathered as (

    select
        customer_id,
        {{ series_array(
            [
                'length_days', 'recency_days', 'frequency_orders',
                'monetary_amount'
            ],
            'month'
        ) }} as series_values
    from customer_months
    group by customer_id

)

select * from gathered
