-- Customers who left a segment with above-average revenue in the latest month:
-- whom to call first.
with customer_segments as (

    select * from {{ ref('fct_customer_segments') }}
    where
        month = changed_month
        and previous_segment_id is not null

),

segment_profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

latest as (

    select max(month) as month
    from segment_profiles

),

called as (

    select
        customer_segments.customer_id,
        customer_segments.segmentation,
        customer_segments.previous_segment_id,
        customer_segments.segment_id,
        segment_profiles.mean_monetary_amount as previous_segment_mean_amount
    from customer_segments
    inner join latest
        on customer_segments.month = latest.month
    inner join segment_profiles
        on
            customer_segments.previous_segment_id = segment_profiles.segment_id
            and customer_segments.month = segment_profiles.month
    where segment_profiles.revenue_share > segment_profiles.customer_share

)

select * from called
