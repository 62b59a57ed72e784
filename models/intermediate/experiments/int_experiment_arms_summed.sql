-- What a plan says of its arms, in one row and one text.
{% set most_arms = 10 -%}
{% set text = surrogate_key(['arm', 'share', 'is_control']) -%}

with arms as (

    select * from {{ ref('int_experiment_arms_bounded') }}

),

summed as (

    select
        experiment,
        cast(count(*) as bigint) as arms,
        cast(count(distinct arm) as bigint) as names,
        cast(sum(case when is_control then 1 else 0 end) as bigint)
            as controls,
        cast(sum(case when share > 0 then 1 else 0 end) as bigint)
            as positive_shares,
        sum(share) as sum_of_shares,
        cast(min(case when is_control then share end) as double)
            as control_share,
        {% set parts = [] -%}
        {% for number in range(1, most_arms + 1) -%}
        {% do parts.append(
            'max(case when arm_number = ' ~ number ~ ' then ' ~ text ~ ' end)'
        ) -%}
        {% endfor -%}
        {{ surrogate_key(parts) }} as arms_text
    from arms
    group by 1

)

select * from summed
