-- Shares and averages over the months of a window. What was bought before may
-- be given back: all of it is the most that can be.
with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

windowed as (

    {% for window in series_windows('behaviour') -%}
    select
        customer_id,
        month,
        recency_days,
        {{ window }} as window_months,
        {% for measure in ['orders', 'sessions', 'items'] -%}
        {{ measure }}_{{ window }}_months as {{ measure }},
        {% endfor -%}
        {% for measure in ['revenue', 'list', 'discount', 'returned'] -%}
        {{ measure }}_{{ window }}_months_amount as {{ measure }}_amount
        {{- ',' if not loop.last }}
        {% endfor -%}
    from customer_months
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

featured as (

    select
        customer_id,
        month,
        window_months,
        revenue_amount as spend_amount,
        orders,
        coalesce({{ ratio('revenue_amount', 'orders') }}, 0)
            as average_order_amount,
        items,
        coalesce({{ share('discount_amount', 'list_amount') }}, 0)
            as discount_share,
        coalesce(
            {{ share(
                'returned_amount', 'greatest(list_amount, returned_amount)'
            ) }}, 0
        ) as returned_share,
        sessions,
        recency_days
    from windowed

),

gathered as (

    select
        customer_id,
        window_months,
        {{ series_array(var('series').behaviour.features, 'month') }}
            as series_values
    from featured
    group by 1, 2

)

select * from gathered
