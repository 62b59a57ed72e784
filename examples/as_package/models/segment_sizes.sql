-- The package's marts are models like any other.
with dim_segments as (

    select * from {{ ref('customer_trajectories', 'dim_segments') }}

),

fct_segment_profiles as (

    select * from {{ ref('customer_trajectories', 'fct_segment_profiles') }}

),

latest as (

    select
        fct_segment_profiles.segment_id,
        dim_segments.segmentation,
        dim_segments.persona,
        fct_segment_profiles.customers
    from fct_segment_profiles
    inner join dim_segments
        on fct_segment_profiles.segment_id = dim_segments.segment_id
    where fct_segment_profiles.month = (
        select max(month) from fct_segment_profiles
    )

)

select * from latest
