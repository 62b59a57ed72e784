-- How many customers each segment had, by month, as the last publication before
-- a day had it. `dbt show --select segments_as_published --limit 1000 --vars
-- 'published_before: 2017-04-01'`; without the variable, as published now.
with publication as (

    select max(published_at) as published_at
    from {{ publications() }}
    where published_at < cast(
        '{{ var("published_before", "9999-12-31") }}' as timestamp
    )

),

{% for snapshot in ['snap_segments', 'snap_segment_changes'] -%}
{{ snapshot }} as (

    select snapshots.*
    from {{ ref(snapshot) }} as snapshots
    inner join publication
        on
            snapshots.dbt_valid_from <= publication.published_at
            and coalesce(
                snapshots.dbt_valid_to > publication.published_at, true
            )

),

{% endfor -%}
changes as (

    select
        *,
        lead(month) over (
            partition by segmentation, customer_id order by month
        ) as next_month
    from snap_segment_changes

),

months as (

    select distinct month
    from snap_segment_changes

),

counted as (

    select
        changes.segmentation,
        months.month,
        changes.segment_id,
        snap_segments.persona,
        count(*) as customers
    from changes
    inner join months
        on
            changes.month <= months.month
            and coalesce(months.month < changes.next_month, true)
    inner join snap_segments
        on changes.segment_id = snap_segments.segment_id
    group by 1, 2, 3, 4

)

select * from counted
