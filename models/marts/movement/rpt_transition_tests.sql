-- Tests of what the chain takes for granted, then its record: what the latest
-- origin says of those before it, and how often tested bands held the outcome.
with transition_tests as (

    select * from {{ ref('int_transition_tests') }}

),

expectations as (

    select * from {{ ref('int_segment_expectations') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by segmentation, horizon_months
            order by origin_month desc, segment_id
        ) as place
    from expectations

),

covered as (

    select
        segmentation,
        horizon_months,
        {{ average(
            'case when actual_customers between lower_80_customers'
            ~ ' and upper_80_customers then 1.0 else 0.0 end'
        ) }} as coverage_80_share
    from expectations
    where is_band_tested and actual_customers is not null
    group by 1, 2

),

combined as (

    select
        segmentation,
        test,
        verdict,
        cast(null as bigint) as horizon_months,
        month_pairs as months,
        customers,
        statistic,
        degrees_of_freedom,
        p_value,
        gained_share,
        cast(null as double) as chain_error_share,
        cast(null as double) as same_as_now_error_share,
        cast(null as double) as coverage_80_share,
        cast(null as boolean) as is_published
    from transition_tests
    union all
    select
        ordered.segmentation,
        'backtest' as test,
        ordered.reason as verdict,
        ordered.horizon_months,
        ordered.origins as months,
        cast(null as bigint) as customers,
        cast(null as double) as statistic,
        cast(null as bigint) as degrees_of_freedom,
        ordered.p_value,
        cast(null as double) as gained_share,
        ordered.chain_error_share,
        ordered.same_as_now_error_share,
        covered.coverage_80_share,
        ordered.is_published
    from ordered
    left join covered
        on
            ordered.segmentation = covered.segmentation
            and ordered.horizon_months = covered.horizon_months
    where ordered.place = 1

),

published as (

    select
        {{ surrogate_key(['segmentation', 'test', 'horizon_months']) }}
            as transition_test_id,
        *
    from combined

)

select * from published
