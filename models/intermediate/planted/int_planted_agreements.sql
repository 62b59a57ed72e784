-- Adjusted Rand index of today's clusters and the planted kinds, over customers
-- in clusters: pairs that are together in both, beside what chance would give
-- (Hubert and Arabie 1985, formula 5).
{% set pairs = 'cast(sum(customers * (customers - 1) / 2.0) as double)' -%}

with members as (

    select * from {{ ref('int_segment_members') }}
    where cluster_number is not null

),

planted_months as (

    select * from {{ ref('int_planted_months') }}

),

cells as (

    {% for taken in ['kind', 'lifecycle_kind'] -%}
    select
        '{{ taken }}' as planted,
        members.segmentation,
        members.segment_id,
        planted_months.{{ taken }} as planted_kind,
        cast(count(*) as bigint) as customers
    from members
    inner join planted_months
        on
            members.customer_id = planted_months.customer_id
            and members.month = planted_months.month
    group by 2, 3, 4
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

segments as (

    select
        planted,
        segmentation,
        segment_id,
        sum(customers) as customers
    from cells
    group by 1, 2, 3

),

kinds as (

    select
        planted,
        segmentation,
        planted_kind,
        sum(customers) as customers
    from cells
    group by 1, 2, 3

),

counted as (

    {% for table in ['cells', 'segments', 'kinds'] -%}
    select
        '{{ table }}' as counted_by,
        planted,
        segmentation,
        sum(customers) as customers,
        {{ pairs }} as pairs
    from {{ table }}
    group by 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

summed as (

    select
        planted,
        segmentation,
        cast(max(customers) as bigint) as customers,
        max(customers) * (max(customers) - 1) / 2.0 as all_pairs,
        max(case when counted_by = 'cells' then pairs end) as pairs_in_both,
        max(case when counted_by = 'segments' then pairs end) as segment_pairs,
        max(case when counted_by = 'kinds' then pairs end) as kind_pairs
    from counted
    group by 1, 2

),

expected as (

    select
        *,
        segment_pairs * kind_pairs / nullif(all_pairs, 0) as chance_pairs
    from summed

),

planted_agreements as (

    select
        planted,
        segmentation,
        customers,
        cast((pairs_in_both - chance_pairs) / nullif(
            (segment_pairs + kind_pairs) / 2 - chance_pairs, 0
        ) as double) as agreement
    from expected

)

select * from planted_agreements
