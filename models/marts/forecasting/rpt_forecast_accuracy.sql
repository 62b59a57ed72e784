-- Every model is scored on months that it did not know, and what was published
-- beside them.
with published as (

    select * from {{ ref('int_forecast_accuracies') }}

)

select * from published
