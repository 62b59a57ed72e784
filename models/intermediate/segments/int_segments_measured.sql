-- What names look at: clusters in a month of review, in original units, beside
-- all clustered customers, without who outweighs the rest of her cluster.
with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

weighed as (

    select
        memberships.*,
        {{ customer_weight(
            'customer_months.revenue_12_months_amount',
            ['memberships.segment_id', 'memberships.month']
        ) }} as customer_weight
    from {{ ref('int_segment_memberships') }} as memberships
    inner join {{ ref('int_segment_reviews') }} as reviews
        on
            memberships.segmentation = reviews.segmentation
            and memberships.month = reviews.month
    inner join customer_months
        on
            memberships.customer_id = customer_months.customer_id
            and memberships.month = customer_months.month
    where memberships.stage = 'active'

),

members as (

    select * from weighed
    where not coalesce({{ outweighs('customer_weight') }}, false)

),

segments as (

    {{ segment_measures('members.segmentation', 'members.segment_id') }}

),

populations as (

    {{ segment_measures('members.segmentation', "'all'") }}

),

joined as (

    select
        segments.*,
        {% for measure in segment_measure_names() -%}
        populations.{{ measure }} as population_{{ measure }},
        {% endfor -%}
        outweighing.customer_weight as left_out_share
    from segments
    inner join populations
        on
            segments.segmentation = populations.segmentation
            and segments.month = populations.month
    left join weighed as outweighing
        on
            segments.segment_id = outweighing.segment_id
            and segments.month = outweighing.month
            and {{ outweighs('outweighing.customer_weight') }}

)

select * from joined
