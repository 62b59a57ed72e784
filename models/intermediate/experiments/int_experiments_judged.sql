-- What may be said of each experiment, by its plan and by who was assigned.
{% set wrong = {
    'other_salt': ['assignments.other_salt is not null',
        'assignments.other_salt'],
    'not_assigned': [
        'assignments.customers is null'
            ~ ' and planned.start_date <= as_of_dates.as_of_date',
        'planned.start_date'
    ],
    'nobody': ['assignments.customers is null', 'planned.segment_id'],
    'assigned_late': ['assignments.last_date >= planned.start_date',
        'assignments.last_date'],
    'small_arm': [
        'assignments.arms < planned.arms or assignments.least_customers < 2',
        'assignments.least_customers'
    ]
} -%}

with planned as (

    select * from {{ ref('int_experiments_planned') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

arms as (

    select
        experiment,
        arm,
        count(*) as customers,
        max(salt) as salt,
        max(assigned_date) as last_date
    from {{ ref('int_experiment_members') }}
    group by 1, 2

),

salts as (

    select experiment, salt
    from {{ ref('int_experiment_assignments_given') }}
    where reason_code is null and salt is not null
    union all
    select experiment, salt from arms

),

other_salts as (

    select
        salts.experiment,
        max(salts.salt) as other_salt
    from salts
    inner join planned
        on
            salts.experiment = planned.experiment
            and salts.salt <> planned.salt
    group by 1

),

assignments as (

    select
        arms.experiment,
        cast(count(*) as bigint) as arms,
        cast(sum(arms.customers) as bigint) as customers,
        cast(min(arms.customers) as bigint) as least_customers,
        max(arms.last_date) as last_date,
        max(other_salts.other_salt) as other_salt
    from arms
    left join other_salts
        on arms.experiment = other_salts.experiment
    group by 1

),

judged as (

    select
        planned.name as experiment,
        {% for column in [
            'segmentation', 'segment_id', 'hypothesis', 'primary_metric',
            'planned_weeks', 'planned_looks', 'expected_lift_share',
            'cost_per_contact', 'discount_share', 'test', 'arms',
            'control_share', 'salt', 'plan_hash', 'start_date', 'end_date'
        ] -%}
        planned.{{ column }},
        {% endfor -%}
        coalesce(planned.reason_code, case
            {% for reason, (condition, found) in wrong.items() -%}
            when {{ condition }} then '{{ reason }}'
            {% endfor -%}
        end) as refusal_code,
        case
            when planned.reason_code is not null then planned.found
            {% for reason, (condition, found) in wrong.items() -%}
            when {{ condition }} then cast({{ found }} as string)
            {% endfor -%}
        end as found_text,
        assignments.customers,
        as_of_dates.as_of_date
    from planned
    cross join as_of_dates
    left join assignments
        on planned.experiment = assignments.experiment

)

select * from judged
