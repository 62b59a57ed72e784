-- The trials of the model versions that score this build.
{{ config(materialized='view') }}

with trials as (

    select * from {{ ref('int_trials') }}

),

current_trials as (

    select * from trials
    where is_current

)

select * from current_trials
