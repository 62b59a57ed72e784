-- Who moved into the segments of a month is who is in them, and outgoing shares
-- of a segment add up to 1.
with arrived as (

    select
        to_segment_id as segment_id,
        month,
        sum(customers) as customers
    from {{ ref('fct_segment_migrations') }}
    group by 1, 2

),

departed as (

    select
        segmentation,
        from_segment_id,
        month,
        sum(from_share) as from_share
    from {{ ref('fct_segment_migrations') }}
    group by 1, 2, 3

),

unequal as (

    select
        arrived.segment_id,
        arrived.month
    from arrived
    left join {{ ref('fct_segment_profiles') }} as segment_profiles
        on
            arrived.segment_id = segment_profiles.segment_id
            and arrived.month = segment_profiles.month
    where arrived.customers <> coalesce(segment_profiles.customers, 0)

),

unshared as (

    select
        from_segment_id as segment_id,
        month
    from departed
    where abs(from_share - 1) > 1e-9

)

select * from unequal
union all
select * from unshared
