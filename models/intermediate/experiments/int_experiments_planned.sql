-- The plan as it is given, and the first thing that is wrong with it.
{% set plan = [
    'segmentation', 'segment_id', 'hypothesis', 'primary_metric', 'start_date',
    'planned_weeks', 'planned_looks', 'expected_lift_share',
    'cost_per_contact', 'discount_share', 'test', 'arms_text'
] -%}
{% set exact = ['expected_lift_share', 'cost_per_contact', 'discount_share'] -%}
{% set parts = [] -%}
{% for column in plan -%}
{% do parts.append(exact_amount(column, 6) if column in exact else column) -%}
{% endfor -%}

with plans as (

    select
        *,
        coalesce(experiment, '(no name)') as name,
        count(*) over (partition by experiment) as copies,
        row_number() over (
            partition by experiment order by start_date, hypothesis
        ) as copy
    from {{ ref('stg_retail__experiments') }}

),

arms as (

    select * from {{ ref('int_experiment_arms_summed') }}

),

segments as (

    select * from {{ ref('int_experiment_segments') }}

),

kept as (

    select * from {{ kept_plans() }} as kept_plans

),

joined as (

    select
        plans.*,
        {% for column in [
            'arms', 'names', 'controls', 'positive_shares', 'sum_of_shares',
            'control_share', 'arms_text'
        ] -%}
        arms.{{ column }},
        {% endfor -%}
        segments.segment_id is not null as is_segment,
        segments.valid_to_date,
        kept.plan_hash as kept_plan_hash,
        coalesce(kept.salt, substring({{ dbt.hash(dbt.concat([
            "'" ~ var('seed') ~ ":'", 'plans.name'
        ])) }}, 1, 16)) as salt,
        cast({{ dbt.dateadd(
            'day', 'cast(7 * plans.planned_weeks - 1 as int)',
            'plans.start_date'
        ) }} as date) as end_date
    from plans
    left join arms
        on plans.experiment = arms.experiment
    left join segments
        on
            plans.segmentation = segments.segmentation
            and plans.segment_id = segments.segment_id
    left join kept
        on plans.experiment = kept.experiment
    where plans.copy = 1

),

hashed as (

    select
        *,
        {{ dbt.hash(surrogate_key(parts)) }} as plan_hash
    from joined

),

judged as (

    select
        *,
        case
            {% for reason, (condition, found) in plan_faults().items() -%}
            when {{ condition }} then '{{ reason }}'
            {% endfor -%}
        end as reason_code,
        case
            {% for reason, (condition, found) in plan_faults().items() -%}
            when {{ condition }} then cast({{ found }} as string)
            {% endfor -%}
        end as found
    from hashed

)

select * from judged
