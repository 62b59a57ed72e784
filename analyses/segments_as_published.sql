-- How many customers each segment had, by month, and what it was called then,
-- as the last publication before a day had it. `dbt show --select
-- segments_as_published --limit 1000 --vars 'published_before: 2017-04-01'`;
-- without the variable, as published now.
with publication as (

    select max(published_at) as published_at
    from {{ publications() }}
    where published_at < cast(
        '{{ var("published_before", "9999-12-31") }}' as timestamp
    )

),

published as (

    select
        profiles.segmentation,
        profiles.month,
        profiles.segment_id,
        profiles.persona,
        profiles.customers
    from {{ ref('snap_segment_profiles') }} as profiles
    inner join publication
        on
            profiles.dbt_valid_from <= publication.published_at
            and coalesce(
                profiles.dbt_valid_to > publication.published_at, true
            )

)

select * from published
