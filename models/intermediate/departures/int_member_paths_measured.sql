-- Paths of months and single values, as `measures` in trajectories.departures
-- has them.
{{ config(materialized='view') }}

with members as (

    select * from {{ ref('int_segment_members') }}
    where cluster_number is not null

),

models as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen and period = 'month'

),

trial_features as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'feature'

),

series_features as (

    select * from {{ ref('int_series_features') }}

),

customer_series as (

    select * from {{ ref('int_customer_series') }}

),

-- A model compares all features of its series or some of them.
features as (

    select
        models.segmentation,
        models.series,
        models.steps,
        series_features.feature,
        series_features.feature_number,
        series_features.features as step_values
    from models
    inner join trial_features
        on
            models.model_version = trial_features.model_version
            and models.segmentation_trial_id
            = trial_features.segmentation_trial_id
    inner join series_features
        on
            models.series = series_features.series
            and trial_features.feature = series_features.feature

),

located as (

    select
        members.customer_segment_id,
        members.segment_id,
        features.feature,
        features.step_values,
        {{ array_length('customer_series.series_values') }}
        - features.step_values + features.feature_number as last_position,
        case
            when features.steps = 1 or features.feature like '%days' then 1
            when {{ array_length('customer_series.series_values') }}
                < 3 * features.step_values then 1
            else 3
        end as months,
        customer_series.series_values
    from members
    inner join features
        on members.segmentation = features.segmentation
    inner join customer_series
        on
            features.series = customer_series.series
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
