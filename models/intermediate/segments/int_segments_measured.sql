-- What the naming rule looks at: each cluster's members today, in original
-- units, and all clustered customers beside them.
with members as (

    select * from {{ ref('int_segment_members') }}
    where stage = 'active'

),

customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

rhythms as (

    select * from {{ ref('int_customers_rhythm_measured') }}

),

-- Mean days since the last order, today and in the three months before.
recencies as (

    select
        members.segment_id,
        avg(case when membership_months.months_back = 0
            then customer_months.recency_days end) as recency_now,
        avg(case when membership_months.months_back = 1
            then customer_months.recency_days end) as recency_1_month_ago,
        avg(case when membership_months.months_back = 2
            then customer_months.recency_days end) as recency_2_months_ago,
        avg(case when membership_months.months_back = 3
            then customer_months.recency_days end) as recency_3_months_ago
    from members
    inner join customer_months
        on members.customer_id = customer_months.customer_id
    inner join membership_months
        on customer_months.month = membership_months.month
    where membership_months.months_back <= 3
    group by 1

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
        recencies.recency_now > recencies.recency_1_month_ago
        and recencies.recency_1_month_ago > recencies.recency_2_months_ago
        and recencies.recency_2_months_ago > recencies.recency_3_months_ago
            as is_recency_growing
    from segments
    inner join populations
        on segments.segmentation = populations.segmentation
    left join recencies
        on segments.segment_id = recencies.segment_id

)

select * from joined
