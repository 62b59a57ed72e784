-- What may be said of a segment's members, by their means beside all customers.
{% set traits = {
    'discounts': 'discount_share >= 0.02 and discount_share >= 1.5 *
            population_discount_share',
    'returns': 'returned_share >= 0.02 and returned_share >= 1.5 *
            population_returned_share',
    'many sessions':
        'sessions_per_order >= 1.5 * population_sessions_per_order',
    'large baskets':
        'average_order_amount >= 1.3 * population_average_order_amount'
} -%}

with measured as (

    select
        *,
        row_number() over (
            partition by segment_id order by month desc
        ) as reviews_back
    from {{ ref('int_segments_measured') }}

),

held as (

    {% for trait, condition in traits.items() -%}
    select
        segment_id,
        '{{ trait }}' as trait
    from measured
    where
        reviews_back = 1
        and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from held
