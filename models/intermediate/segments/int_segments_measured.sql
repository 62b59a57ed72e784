-- What names look at: clusters in a month of review, in original units, beside
-- all clustered customers, without who outweighs the rest of her cluster.
with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

weighed as (

    select
        memberships.*,
        segmentations.recent_days,
        {{ customer_weight(
            'customer_months.revenue_12_months_amount',
            ['memberships.segment_id', 'memberships.month']
        ) }} as customer_weight
    from {{ ref('int_segment_memberships') }} as memberships
    inner join {{ ref('int_segment_reviews') }} as reviews
        on
            memberships.segmentation = reviews.segmentation
            and memberships.month = reviews.month
    inner join {{ ref('int_segmentations') }} as segmentations
        on memberships.segmentation = segmentations.segmentation
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

rhythms as (

    select * from {{ ref('int_customers_rhythm_measured') }}

),

-- Mean days since the last order, then and in the three months before.
recencies as (

    select
        members.segment_id,
        members.month,
        {% for back in range(4) -%}
        avg(case
            when customer_months.month = cast({{ dbt.dateadd(
                'month', -back, 'members.month'
            ) }} as date)
                then customer_months.recency_days
        end) as recency_{{ back }}_months_ago{{ ',' if not loop.last }}
        {% endfor %}
    from members
    inner join customer_months
        on
            members.customer_id = customer_months.customer_id
            and customer_months.month <= members.month
            and customer_months.month >= {{ dbt.dateadd(
                'month', -3, 'members.month'
            ) }}
    group by 1, 2

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
        outweighing.customer_weight as left_out_share,
        recencies.recency_0_months_ago > recencies.recency_1_months_ago
        and recencies.recency_1_months_ago > recencies.recency_2_months_ago
        and recencies.recency_2_months_ago > recencies.recency_3_months_ago
            as is_recency_growing
    from segments
    inner join populations
        on
            segments.segmentation = populations.segmentation
            and segments.month = populations.month
    left join recencies
        on
            segments.segment_id = recencies.segment_id
            and segments.month = recencies.month
    left join weighed as outweighing
        on
            segments.segment_id = outweighing.segment_id
            and segments.month = outweighing.month
            and {{ outweighs('outweighing.customer_weight') }}

)

select * from joined
