-- What this build reads, as the variables name it.
{{ config(materialized='view') }}

{% set named = var('input') or var('transactions_relation') or 'sample shop' -%}

with inputs as (

    select '{{ named | replace("'", "''") }}' as input

)

select * from inputs
