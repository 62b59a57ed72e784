-- Each is a changed membership of the latest month, ranked without gaps, and
-- what would have kept her is all there or not at all, within the month.
with segment_departures as (

    select * from {{ ref('fct_segment_departures') }}

),

customer_segments as (

    select * from {{ ref('fct_customer_segments') }}

),

ranks as (

    select
        segment_departure_id,
        count(*) as features,
        count(distinct feature_rank) as feature_ranks,
        max(feature_rank) as last_rank
    from {{ ref('fct_departure_features') }}
    group by 1

),

latest as (

    select max(month) as month
    from customer_segments

),

joined as (

    select
        segment_departures.*,
        customer_segments.segment_id,
        customer_segments.previous_segment_id,
        ranks.features,
        ranks.feature_ranks,
        ranks.last_rank,
        latest.month as latest_month
    from segment_departures
    cross join latest
    left join customer_segments
        on
            segment_departures.segment_departure_id
            = customer_segments.customer_segment_id
    left join ranks
        on
            segment_departures.segment_departure_id = ranks.segment_departure_id

)

select *
from joined
where
    month <> latest_month
    or segment_id is null
    or segment_id <> to_segment_id
    or previous_segment_id <> from_segment_id
    or from_segment_id = to_segment_id
    or features is null
    or features <> feature_ranks
    or features <> last_rank
    or is_keepable <> (keeping_amount is not null)
    or is_keepable <> (keeping_to_date is not null)
    or keeping_from_date > keeping_to_date
    or keeping_from_date < month
    or keeping_to_date >= {{ dbt.dateadd('month', 1, 'month') }}
