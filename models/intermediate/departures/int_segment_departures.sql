with moves as (

    select * from {{ ref('int_segment_moves') }}
    where cause in ('behaved differently', 'lapsed')

),

membership_months as (

    select * from {{ ref('int_membership_months') }}
    where months_back = 0

),

segments_valued as (

    select * from {{ ref('int_segments_valued') }}

),

customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

departures as (

    select
        moves.customer_segment_id,
        moves.segmentation,
        moves.previous_model_version as model_version,
        segments_valued.series,
        moves.customer_id,
        moves.previous_segment_id as from_segment_id,
        moves.segment_id as to_segment_id,
        moves.cause,
        moves.stage,
        moves.confidence,
        segments_valued.cluster_number as from_cluster_number,
        segments_valued.items_per_order as segment_items_per_order,
        moves.month,
        membership_months.month_end_date
    from moves
    inner join membership_months
        on moves.month = membership_months.month
    inner join segments_valued
        on
            moves.previous_segment_id = segments_valued.segment_id
            and moves.previous_month = segments_valued.month
    left join segments_valued as reached
        on moves.segment_id = reached.segment_id
    where
        segments_valued.revenue_12_months_amount
        > coalesce(reached.revenue_12_months_amount, 0)

),

joined as (

    select
        departures.customer_segment_id,
        departures.segmentation,
        departures.model_version,
        departures.customer_id,
        departures.from_segment_id,
        departures.to_segment_id,
        departures.cause,
        departures.from_cluster_number,
        departures.confidence,
        cast(case
            when departures.stage = 'active' then 0
            else
                customer_stages.orders_needed - customer_stages.orders_in_window
        end as bigint) as missing_orders,
        cast(customer_months.revenue_12_months_amount as double)
            as revenue_12_months_amount,
        cast({{ window_total('orders_{}_months') }} as bigint) as window_orders,
        {% for amount in ['revenue', 'list', 'discount', 'returned'] -%}
        cast({{ window_total(amount ~ '_{}_months_amount') }} as double)
            as window_{{ amount }}_amount,
        {% endfor -%}
        coalesce(
            {{ ratio(
                window_total('items_{}_months'),
                window_total('orders_{}_months')
            ) }},
            departures.segment_items_per_order
        ) as items_per_order,
        customer_series.series_values,
        departures.month,
        departures.month_end_date
    from departures
    inner join customer_stages
        on
            departures.series = customer_stages.series
            and departures.customer_id = customer_stages.customer_id
            and departures.month = customer_stages.month
    inner join customer_months
        on
            departures.customer_id = customer_months.customer_id
            and departures.month = customer_months.month
    inner join {{ ref('int_customer_series') }} as customer_series
        on
            departures.series = customer_series.series
            and departures.customer_id = customer_series.customer_id

)

select * from joined
