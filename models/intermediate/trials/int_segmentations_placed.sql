-- Which segmentation opens first: one with structure before one without, then
-- the one whose chosen trial gains most beyond chance.
{{ config(materialized='view') }}

with trials as (

    select * from {{ ref('int_trials_current') }}

),

placed as (

    select
        segmentation,
        cast(row_number() over (
            order by
                case when has_structure then 0 else 1 end,
                coalesce(gain, -1) desc,
                segmentation
        ) as bigint) as segmentation_place
    from trials
    where is_chosen

)

select * from placed
