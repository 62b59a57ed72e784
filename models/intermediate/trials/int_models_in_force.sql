-- The models that score this build, each for the months that it is in force.
{{ config(materialized='view') }}

with trials as (

    select * from {{ ref('int_trials') }}

),

models_in_force as (

    select * from trials
    where is_chosen and in_force_from is not null

)

select * from models_in_force
