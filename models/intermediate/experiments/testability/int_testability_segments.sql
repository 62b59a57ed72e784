-- The name of each segment, and how many of its members stay for a month.
with living as (

    select * from {{ ref('int_experiment_segments') }}
    where valid_to_date is null

),

personas as (

    select
        segment_id,
        persona,
        row_number() over (
            partition by segment_id order by month desc
        ) as months_back
    from {{ ref('int_segment_personas') }}

),

stays as (

    select * from {{ ref('int_transition_estimates') }}
    where from_segment_id = to_segment_id

),

segments as (

    select
        living.segmentation,
        living.segment_id,
        coalesce(personas.persona, living.segment_id) as segment_name,
        stays.probability as stay_probability
    from living
    left join personas
        on
            living.segment_id = personas.segment_id
            and personas.months_back = 1
    left join stays
        on living.segment_id = stays.from_segment_id
    union all
    select
        'all' as segmentation,
        'all' as segment_id,
        'All active customers' as segment_name,
        cast(null as double) as stay_probability

)

select * from segments
