-- Paths of months and single values, as trajectories.departures.measures does.
{{ config(materialized='view') }}

with members as (

    select * from {{ ref('int_segment_members') }}
    where cluster_number is not null

),

models as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen and period = 'month'

),

series_features as (

    select * from {{ ref('int_series_features') }}

),

customer_series as (

    select * from {{ ref('int_customer_series') }}

),

features as (

    {{ unnest_arrays(
        'models', ['segmentation', 'series', 'steps'], ['features']
    ) }}

),

-- A model compares all features of its series or some of them.
placed as (

    select
        features.segmentation,
        features.series,
        features.steps,
        features.features as feature,
        series_features.features as step_values,
        series_features.feature_number
    from features
    inner join series_features
        on
            features.series = series_features.series
            and features.features = series_features.feature

),

located as (

    select
        members.customer_segment_id,
        members.segment_id,
        placed.feature,
        placed.step_values,
        {{ array_length('customer_series.series_values') }}
        - placed.step_values + placed.feature_number as last_position,
        case
            when placed.steps = 1 or placed.feature like '%days' then 1
            when {{ array_length('customer_series.series_values') }}
                < 3 * placed.step_values then 1
            else 3
        end as months,
        customer_series.series_values
    from members
    inner join placed
        on members.segmentation = placed.segmentation
    inner join customer_series
        on
            placed.series = customer_series.series
            and members.customer_id = customer_series.customer_id

),

measured as (

    select
        {{ surrogate_key(['customer_segment_id', 'feature']) }}
            as member_feature_id,
        segment_id,
        feature,
        (
            {{ array_element('series_values', 'last_position') }}
            {% for back in [1, 2] -%}
            + case when months = 3 then {{ array_element(
                'series_values', 'last_position - ' ~ back ~ ' * step_values'
            ) }} else 0 end
            {% endfor -%}
        ) / months as value
    from located

)

select * from measured
