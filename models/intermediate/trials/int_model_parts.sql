-- What scoring needs of the models that score this build.
{{ config(materialized='view') }}

with models as (

    select * from {{ ref('int_models_in_force') }}

),

trial_rows as (

    select * from {{ ref('int_segmentation_trials') }}
    where part in ('trial', 'cluster', 'feature', 'scale', 'centroid')

),

model_parts as (

    select trial_rows.*
    from trial_rows
    inner join models
        on
            trial_rows.model_version = models.model_version
            and trial_rows.segmentation_trial_id = models.segmentation_trial_id

)

select * from model_parts
