-- The arms of the plan: of the input, and of the seed that the shop fills.
with given as (

    select * from {{ ref('base_retail__experiment_arms') }}
    where left_out_line is null

),

planned as (

    select * from {{ ref('experiment_arms') }}

),

unioned as (

    {% for source in ['given', 'planned'] -%}
    select
        experiment,
        arm,
        cast(share as string) as share,
        cast(is_control as string) as is_control
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

typed as (

    select
        ---------- strings
        experiment,
        arm,

        ---------- numerics
        cast(try_cast(share as double) as decimal(9, 6)) as share,

        ---------- booleans
        {{ parse_boolean('is_control') }} as is_control
    from unioned

)

select * from typed
