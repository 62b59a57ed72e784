-- The plan: of the input, and of the seed that the shop fills.
{% set columns = input_columns('experiments').required
    + input_columns('experiments').optional -%}

with given as (

    select * from {{ ref('base_retail__experiments') }}
    where left_out_line is null

),

planned as (

    select * from {{ ref('experiments') }}

),

unioned as (

    {% for source in ['given', 'planned'] -%}
    select
        {% for column in columns -%}
        nullif(trim(cast({{ column }} as string)), '') as {{ column }}
        {{- ',' if not loop.last }}
        {% endfor -%}
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

typed as (

    select
        ---------- strings
        experiment,
        segmentation,
        segment_id,
        hypothesis,
        lower(primary_metric) as primary_metric,
        lower(test) as test,

        ---------- numerics
        cast(try_cast(planned_weeks as double) as bigint) as planned_weeks,
        cast(try_cast(coalesce(looks, '1') as double) as bigint)
            as planned_looks,
        try_cast(expected_lift_share as double) as expected_lift_share,
        try_cast(cost_per_contact as double) as cost_per_contact,
        try_cast(discount_share as double) as discount_share,

        ---------- dates
        try_cast(start_date as date) as start_date
    from unioned

)

select * from typed
