-- The months from which a forecast is made: the latest one, and earlier ones
-- from which the same is repeated to see how it would have done.
with months as (

    select * from {{ ref('int_months') }}

),

origins as (

    select
        month as origin_month,
        months_back = 0 as is_latest
    from months
    where
        months_back = 0
        or (
            months_back <= {{ var('forecast_origins') }}
            and months_of_data >= {{ var('forecast_first_months') }}
        )

)

select * from origins
