with published as (

    select * from {{ ref('int_forecast_accuracies') }}

)

select * from published
