-- What is published is less sure of each later month: no band gets narrower.
-- (Rounded amounts: 0.00001.)
with forecasts as (

    select * from {{ ref('fct_revenue_forecasts') }}
    where is_published

),

widths as (

    select
        *,
        {% for level in [80, 95] -%}
        upper_{{ level }}_amount - lower_{{ level }}_amount
            as width_{{ level }}_amount,
        lag(upper_{{ level }}_amount - lower_{{ level }}_amount) over (
            partition by definition, segmentation, segment_id
            order by month
        ) as earlier_width_{{ level }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from forecasts

),

failures as (

    select * from widths
    where
        width_80_amount < earlier_width_80_amount - 0.00001
        or width_95_amount < earlier_width_95_amount - 0.00001

)

select * from failures
