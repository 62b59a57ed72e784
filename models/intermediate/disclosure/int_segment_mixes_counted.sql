-- Who today's members are: customers by segment, dimension and value.
with members as (

    select * from {{ ref('int_segment_members') }}

),

customers as (

    select * from {{ ref('int_customers_described') }}

),

{% set dimensions = [
    'state', 'wealth_segment', 'gender', 'job_industry_category', 'age_band'
] -%}

described as (

    {% for dimension in dimensions -%}
    select
        members.segmentation,
        members.segment_id,
        members.stage,
        '{{ dimension }}' as dimension,
        coalesce(customers.{{ dimension }}, 'Unknown') as dimension_value
    from members
    inner join customers
        on members.customer_id = customers.customer_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (

    select
        {{ surrogate_key(['segment_id', 'dimension', 'dimension_value']) }}
            as segment_mix_id,
        segmentation,
        segment_id,
        stage,
        dimension,
        dimension_value,
        cast(count(*) as bigint) as customers
    from described
    group by segmentation, segment_id, stage, dimension, dimension_value

)

select * from counted
