-- All who were assigned are in every number, and no row says that an arm is
-- better before the plan looks.
with readouts as (

    select * from {{ ref('int_experiment_readouts') }}

),

published as (

    select
        {{ surrogate_key([
            'experiment', 'metric', 'week', 'estimator', 'arm'
        ]) }} as experiment_readout_id,
        {% for column in [
            'experiment', 'metric', 'estimator', 'arm', 'control_arm', 'test',
            'decision', 'reason'
        ] -%}
        cast({{ column }} as string) as {{ column }},
        {% endfor -%}
        {% for column in ['week', 'customers', 'control_customers'] -%}
        cast({{ column }} as bigint) as {{ column }},
        {% endfor -%}
        {% for column in [
            'mean', 'control_mean', 'difference', 'difference_lower',
            'difference_upper', 'relative_lift', 'relative_lift_lower',
            'relative_lift_upper', 'p_value', 'adjusted_p_value',
            'segments_adjusted_p_value', 'anytime_lower', 'anytime_upper',
            'variance_reduction_share'
        ] -%}
        cast(round({{ column }}, 9) as double) as {{ column }},
        {% endfor -%}
        is_unbounded,
        is_planned_look,
        is_primary
    from readouts

)

select * from published
