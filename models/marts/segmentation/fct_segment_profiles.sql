-- The segments of a month share out all its customers.
with customer_months as (

    select * from {{ ref('int_customer_months_measured') }}

),

windows as (

    select * from {{ ref('int_customer_months_windowed') }}

),

cells_judged as (

    select * from {{ ref('int_cells_judged') }}
    where kind = 'size'

),

joined as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.month,
        customer_months.monetary_amount as month_amount,
        customer_months.frequency_orders as month_orders,
        windows.length_days,
        windows.recency_days,
        windows.orders_12_months,
        windows.revenue_12_months_amount
    from {{ ref('int_segment_memberships') }} as memberships
    inner join customer_months
        on
            memberships.customer_id = customer_months.customer_id
            and memberships.month = customer_months.month
    inner join windows
        on customer_months.customer_month_id = windows.customer_month_id

),

profiled as (

    select
        segmentation,
        segment_id,
        month,
        {{ surrogate_key(['segment_id', 'month']) }} as segment_profile_id,
        cast(count(*) as bigint) as customers,
        cast(sum(month_orders) as bigint) as orders,
        sum(month_amount) as revenue_amount,
        avg(length_days) as mean_length_days,
        median(length_days) as median_length_days,
        avg(recency_days) as mean_recency_days,
        median(recency_days) as median_recency_days,
        avg(orders_12_months) as mean_frequency_orders,
        median(orders_12_months) as median_frequency_orders,
        {{ average('revenue_12_months_amount') }} as mean_monetary_amount,
        median(cast(revenue_12_months_amount as double))
            as median_monetary_amount,
        {{ share(
            'max(abs(revenue_12_months_amount))',
            'sum(abs(revenue_12_months_amount))'
        ) }} as largest_customer_share
    from joined
    group by 1, 2, 3

),

judged as (

    select
        profiled.*,
        personas.persona,
        cells_judged.is_shown
    from profiled
    inner join {{ ref('int_segment_personas') }} as personas
        on profiled.segment_profile_id = personas.segment_persona_id
    inner join cells_judged
        on profiled.segment_profile_id = cells_judged.cell_id

),

published as (

    select
        segment_profile_id,
        segmentation,
        segment_id,
        persona,
        customers,
        orders,
        {{ share('customers', 'sum(customers) over shop_month') }}
            as customer_share,
        cast(revenue_amount as double) as revenue_amount,
        case
            when min(revenue_amount) over shop_month >= 0
                then {{ share(
                    'revenue_amount', 'sum(revenue_amount) over shop_month'
                ) }}
        end as revenue_share,
        largest_customer_share,
        {{ outweighs('largest_customer_share') }} as is_outweighed,
        {{ ratio('revenue_amount', 'orders') }} as average_order_amount,
        {% for measure in [
            'length_days', 'recency_days', 'frequency_orders', 'monetary_amount'
        ] -%}
        cast(mean_{{ measure }} as double) as mean_{{ measure }},
        cast(median_{{ measure }} as double) as median_{{ measure }},
        {% endfor -%}
        is_shown,
        month
    from judged
    window shop_month as (partition by segmentation, month)

)

select * from published
