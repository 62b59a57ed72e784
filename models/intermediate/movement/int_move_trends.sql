-- How she has been, in few kinds: towards which segment she leans, for how long
-- she has been silent and in her segment, and whether near its border.
with followed as (

    select
        moves.*,
        customer_months.recency_days,
        worths.worth_rank,
        nearest.worth_rank as nearest_rank,
        max(case when moves.is_changed then moves.month end) over (
            partition by moves.segmentation, moves.customer_id
            order by moves.month
            rows between unbounded preceding and current row
        ) as changed_month
    from {{ ref('int_segment_moves') }} as moves
    inner join {{ ref('int_customer_months_measured') }} as customer_months
        on moves.customer_id = customer_months.customer_id
        and moves.month = customer_months.month
    inner join {{ ref('int_segment_worths') }} as worths
        on moves.segment_id = worths.segment_id and moves.month = worths.month
    left join {{ ref('int_segment_worths') }} as nearest
        on moves.nearest_segment_id = nearest.segment_id
        and moves.month = nearest.month

),

told as (

    select
        customer_segment_id,
        segmentation,
        customer_id,
        segment_id,
        case
            when nearest_rank > worth_rank then 'up'
            when nearest_rank < worth_rank then 'down'
            else 'there'
        end as leaning,
        case
            {% for days in [335, 180, 90, 60, 30] -%}
            when recency_days >= {{ days }} then ', silent {{ days }} days'
            {% endfor -%}
            else ''
        end as silence,
        case
            {% for months in [12, 3, 2] -%}
            when {{ dbt.datediff('changed_month', 'month', 'month') }}
                >= {{ months - 1 }} then ', {{ months }} months in'
            {% endfor -%}
            else ''
        end as settled,
        case when confidence < 0.2 then ', near a border' else '' end as edge,
        month
    from followed

),

trends as (

    select
        customer_segment_id,
        segmentation,
        customer_id,
        segment_id,
        {{ dbt.concat(['leaning', 'silence']) }} as trend,
        {{ dbt.concat(['leaning', 'silence', 'settled', 'edge']) }}
            as own_trend,
        month
    from told

)

select * from trends
