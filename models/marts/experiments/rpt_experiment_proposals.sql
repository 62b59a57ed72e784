-- The test that each segment's playbook asks for, ready to be put into the
-- plan: a proposal, of which nothing has been tried.
{% set metrics = {
    'retention': ['retention', 'retention'],
    'spend_per_order': ['average_order_amount', 'average order amount'],
    'orders_per_customer': ['orders', 'number of orders a customer'],
    'spend_per_customer': ['revenue', 'revenue a customer'],
    'conversion': ['conversion', 'share of customers who order']
} -%}

with segments as (

    select * from {{ ref('dim_segments') }}
    where valid_to is null

),

advised as (

    select * from {{ ref('int_segments_advised') }}

),

planned as (

    select
        segment_id,
        max(experiment) as planned_experiment
    from {{ ref('dim_experiments') }}
    where status <> 'refused'
    group by 1

),

proposed as (

    select
        segments.segment_id,
        segments.segmentation,
        segments.persona,
        planned.planned_experiment,
        {{ dbt.concat([
            'segments.persona', "' ('", 'segments.segment_id', "')'"
        ]) }} as experiment,
        case advised.kpi
            {% for kpi, (metric, words) in metrics.items() -%}
            when '{{ kpi }}' then '{{ metric }}'
            {% endfor -%}
        end as primary_metric,
        case advised.kpi
            {% for kpi, (metric, words) in metrics.items() -%}
            when '{{ kpi }}' then '{{ words }}'
            {% endfor -%}
        end as metric_words,
        advised.treatment,
        advised.other_treatment
    from segments
    inner join advised
        on segments.segment_id = advised.segment_id
    left join planned
        on segments.segment_id = planned.segment_id

),

published as (

    select
        segment_id,
        segmentation,
        persona,
        planned_experiment,
        experiment,
        {{ dbt.concat([
            "'With '", 'treatment',
            "coalesce(" ~ dbt.concat(["', or with '", 'other_treatment'])
                ~ ", '')",
            "', customers of '", 'persona', "' have a higher '",
            'metric_words', "' than with what all others get.'"
        ]) }} as hypothesis,
        primary_metric,
        'standard' as control_arm,
        treatment as first_arm,
        other_treatment as second_arm,
        cast(
            case when other_treatment is null then 2 else 3 end as bigint
        ) as arms
    from proposed

)

select * from published
