-- Every model that another mart names is here, once.
with models as (

    select * from {{ ref('int_forecast_models') }}

),

published as (

    select
        cast(forecast_model_id as string) as forecast_model_id,
        cast(model_name as string) as model_name,
        cast(description as string) as description,
        cast(place as bigint) as place
    from models

)

select * from published
