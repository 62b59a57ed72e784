with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

featured as (

    {% for window in series_windows('rfm') -%}
    select
        customer_id,
        month,
        {{ window }} as window_months,
        recency_days,
        orders_{{ window }}_months as frequency_orders,
        revenue_{{ window }}_months_amount as monetary_amount
    from customer_months
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

gathered as (

    select
        customer_id,
        window_months,
        {{ series_array(var('series').rfm.features, 'month') }}
            as series_values
    from featured
    group by 1, 2

)

select * from gathered
