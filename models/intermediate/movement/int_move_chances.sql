-- Her segment's row, moved to where customers of her trend went, and that to
-- where those of her own one did, as far as was known at the month's end. Each
-- weighs as much before as the prior of a transition does: six customers.
{% set prior_customers = 6 -%}
{% set directions = ['better', 'same', 'worse'] -%}

with counts as (

    select * from {{ ref('int_move_counts') }}

),

baselines as (

    select * from {{ ref('int_move_rows') }}

),

-- Outcomes of the year of months of which they were known.
seen as (

    select
        counts.segment_id,
        counts.month,
        counts.horizon_months,
        counts.own_trend,
        {% for direction in directions -%}
        sum(earlier.{{ direction }}_customers) as trend_{{ direction }},
        sum(case
            when earlier.own_trend = counts.own_trend
                then earlier.{{ direction }}_customers else 0
        end) as own_{{ direction }},
        {% endfor -%}
        sum(earlier.known_customers) as trend_customers,
        sum(case
            when earlier.own_trend = counts.own_trend
                then earlier.known_customers else 0
        end) as own_customers
    from counts
    inner join counts as earlier
        on
            counts.segment_id = earlier.segment_id
            and counts.trend = earlier.trend
            and counts.horizon_months = earlier.horizon_months
            and earlier.months_back
            between counts.months_back + counts.horizon_months
            and counts.months_back + counts.horizon_months
            + {{ var('transition_month_pairs') - 1 }}
    group by 1, 2, 3, 4

),

chances as (

    select
        counts.segmentation,
        counts.segment_id,
        counts.own_trend,
        counts.horizon_months,
        cast(coalesce(seen.own_customers, 0) as bigint) as own_customers,
        (max(counts.months_back) over (partition by counts.segmentation))
        - counts.months_back - counts.horizon_months + 1 as months_known,
        {% for direction in directions -%}
        baselines.segment_{{ direction }},
        (
            {{ prior_customers }} * (
                {{ prior_customers }} * baselines.segment_{{ direction }}
                + coalesce(seen.trend_{{ direction }}, 0)
            ) / ({{ prior_customers }} + coalesce(seen.trend_customers, 0))
            + coalesce(seen.own_{{ direction }}, 0)
        ) / ({{ prior_customers }} + coalesce(seen.own_customers, 0))
            as own_{{ direction }},
        {% endfor -%}
        counts.month
    from counts
    inner join baselines
        on
            counts.segment_id = baselines.segment_id
            and counts.month = baselines.month
            and counts.horizon_months = baselines.horizon_months
    left join seen
        on
            counts.segment_id = seen.segment_id
            and counts.own_trend = seen.own_trend
            and counts.month = seen.month
            and counts.horizon_months = seen.horizon_months

)

select * from chances
