-- Expected in all segments are the customers of the origin month, and for each
-- month ahead as many newcomers as came in one before it.
with expectations as (

    select * from {{ ref('int_segment_expectations') }}

),

published as (

    select
        {{ surrogate_key(
            ['segmentation', 'segment_id', 'origin_month', 'month']
        ) }} as segment_expectation_id,
        segmentation,
        segment_id,
        reason,
        horizon_months,
        expected_customers,
        newcomer_customers,
        same_as_now_customers,
        published_customers,
        lower_80_customers,
        upper_80_customers,
        actual_customers,
        month_pairs,
        origins,
        is_published,
        is_band_tested,
        origin_month,
        month
    from expectations

)

select * from published
