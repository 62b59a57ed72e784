-- Sums from the start of a test to the end of each whole week, over all who
-- were assigned. A mean, a variance and a covariance follow from a row.
with weeks as (

    select * from {{ ref('int_experiment_weeks') }}

),

published as (

    select
        {{ surrogate_key(['experiment', 'metric', 'arm', 'stratum', 'week']) }}
            as experiment_week_id,
        experiment,
        metric,
        arm,
        stratum,
        week,
        customers,
        present_share,
        contacted_customers,
        value_sum,
        value_squares,
        covariate_sum,
        covariate_squares,
        product_sum,
        denominator_sum,
        denominator_squares,
        value_denominator_sum,
        cast(positive_customers as bigint) as positive_customers,
        is_control,
        is_planned_look,
        is_primary,
        week_end_date
    from weeks

)

select * from published
