-- In which stratum each customer is assigned: the segment that she is in then,
-- and the fifth of its customers by value; who is new has no past, and a
-- stratum of her own.
with listed as (

    select experiment, customer_id, assigned_date, false as is_given
    from {{ ref('int_experiment_candidates') }}
    union all
    select experiment, customer_id, assigned_date, true as is_given
    from {{ ref('int_experiment_assignments_given') }}
    where reason_code is null

),

days as (

    select
        listed.assigned_date,
        max(months.month) as month
    from (select distinct assigned_date from listed) as listed
    inner join {{ ref('int_months') }} as months
        on listed.assigned_date >= months.month_end_date
    group by 1

),

joined as (

    select
        listed.experiment,
        listed.customer_id,
        listed.is_given,
        listed.assigned_date,
        memberships.segment_id as segment_id_at_assignment,
        round(customer_values.value_12m_amount, 2) as value_at_assignment,
        coalesce(customer_months.length_days < 90, true) as is_new,
        experiments.salt,
        {{ dbt.hash(dbt.concat([
            'experiments.salt', "':'", 'listed.customer_id'
        ])) }} as drawn
    from listed
    inner join {{ ref('int_experiments_planned') }} as experiments
        on listed.experiment = experiments.experiment
    left join days
        on listed.assigned_date = days.assigned_date
    left join {{ ref('int_segment_memberships') }} as memberships
        on
            experiments.segmentation = memberships.segmentation
            and listed.customer_id = memberships.customer_id
            and days.month = memberships.month
    left join {{ ref('int_customer_values_joined') }} as customer_values
        on
            listed.customer_id = customer_values.customer_id
            and days.month = customer_values.month
    left join {{ ref('int_customer_months_measured') }} as customer_months
        on
            listed.customer_id = customer_months.customer_id
            and days.month = customer_months.month

),

fifths as (

    select
        *,
        case when not is_new then ntile(5) over (
            partition by experiment, segment_id_at_assignment, is_new
            order by coalesce(value_at_assignment, 0), drawn, customer_id
        ) end as fifth
    from joined

),

strata as (

    select
        *,
        {{ dbt.concat([
            "coalesce(segment_id_at_assignment, 'all')",
            "':'",
            "coalesce(cast(fifth as string), 'new')"
        ]) }} as stratum
    from fifths

)

select * from strata
