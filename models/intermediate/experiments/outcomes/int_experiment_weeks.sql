-- One row for each metric of the sums, as read-outs take them.
with sums as (

    select * from {{ ref('int_experiment_sums') }}

),

metrics as (

    select * from {{ ref('int_experiment_metrics') }}

),

presences as (

    select * from {{ ref('int_experiment_presences') }}

),

{% set columns = {
    'value_sum': '',
    'value_squares': '_squares',
    'covariate_sum': '_covariate',
    'covariate_squares': '_covariate_squares',
    'product_sum': '_products',
    'positive_customers': '_positive'
} -%}
weeks as (

    select
        sums.experiment,
        metrics.metric,
        sums.arm,
        sums.stratum,
        sums.week,
        cast(sums.customers as bigint) as customers,
        presences.present_share,
        cast(sums.contacted_customers as bigint) as contacted_customers,
        {% for column, ending in columns.items() -%}
        case metrics.metric
            {% for metric in experiment_metrics() -%}
            when '{{ metric }}' then cast(sums.{{ metric ~ ending }} as double)
            {% endfor -%}
        end as {{ column }},
        {% endfor -%}
        {% for column, ending in {
            'denominator_sum': '',
            'denominator_squares': '_squares',
            'value_denominator_sum': '_products'
        }.items() -%}
        case when metrics.metric = 'average_order_amount'
            then cast(sums.denominator{{ ending }} as double)
        end as {{ column }},
        {% endfor -%}
        sums.is_control,
        sums.is_planned_look,
        metrics.is_primary,
        sums.week_end_date
    from sums
    inner join metrics
        on sums.experiment = metrics.experiment
    left join presences
        on
            sums.experiment = presences.experiment
            and sums.arm = presences.arm
            and sums.stratum = presences.stratum
            and sums.week = presences.week

)

select * from weeks
