-- Probabilities out of a segment, and of where newcomers start, add up to 1.
with estimates as (

    select * from {{ ref('int_transition_estimates') }}

),

published as (

    select
        {{ surrogate_key(
            ['segmentation', 'from_segment_id', 'to_segment_id']
        ) }} as segment_transition_id,
        segmentation,
        from_segment_id,
        to_segment_id,
        month_pairs,
        customers,
        from_customers,
        probability,
        lower_95_probability,
        upper_95_probability,
        month
    from estimates

)

select * from published
