with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

gathered as (

    select
        customer_id,
        {{ series_array(var('series').monthly_lrfm.features, 'month') }}
            as series_values
    from customer_months
    group by customer_id

)

select * from gathered
