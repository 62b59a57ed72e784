-- Customers moved: how many kept their segment of the month before, what chance
-- alone would keep, and the adjusted Rand index (Hubert and Arabie 1985) of the
-- two months. One model version scores both months.
with migrations as (

    select * from {{ ref('fct_segment_migrations') }}
    where from_segment_id is not null

),

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

from_sizes as (

    select
        segmentation,
        month,
        from_segment_id as segment_id,
        sum(customers) as customers
    from migrations
    group by 1, 2, 3

),

to_sizes as (

    select
        segmentation,
        month,
        to_segment_id as segment_id,
        sum(customers) as customers
    from migrations
    group by 1, 2, 3

),

-- Pairs of customers that share a segment before, after, and both times.
pairs_before as (

    select
        segmentation,
        month,
        sum(customers) as customers,
        sum(customers * (customers - 1.0) / 2) as pairs
    from from_sizes
    group by 1, 2

),

pairs_after as (

    select
        segmentation,
        month,
        sum(customers * (customers - 1.0) / 2) as pairs
    from to_sizes
    group by 1, 2

),

pairs_both as (

    select
        segmentation,
        month,
        sum(customers * (customers - 1.0) / 2) as pairs,
        sum(
            case when from_segment_id = to_segment_id then customers else 0 end
        ) as stayed
    from migrations
    group by 1, 2

),

by_chance as (

    select
        from_sizes.segmentation,
        from_sizes.month,
        sum(from_sizes.customers * cast(to_sizes.customers as double))
            as expected
    from from_sizes
    inner join to_sizes
        on
            from_sizes.segmentation = to_sizes.segmentation
            and from_sizes.month = to_sizes.month
            and from_sizes.segment_id = to_sizes.segment_id
    group by 1, 2

),

entropies as (

    select
        segmentation,
        month,
        case
            when count(*) > 1
                then -sum(customer_share * ln(customer_share)) / ln(count(*))
            else 0
        end as size_entropy
    from profiles
    group by 1, 2

),

combined as (

    select
        pairs_before.segmentation,
        pairs_before.month,
        pairs_before.customers,
        pairs_both.stayed / cast(pairs_before.customers as double)
            as stay_share,
        coalesce(by_chance.expected, 0)
        / (cast(pairs_before.customers as double) * pairs_before.customers)
            as chance_stay_share,
        pairs_both.pairs as pairs,
        pairs_before.pairs * pairs_after.pairs / nullif(
            pairs_before.customers * (pairs_before.customers - 1.0) / 2, 0
        ) as chance_pairs,
        (pairs_before.pairs + pairs_after.pairs) / 2 as most_pairs,
        entropies.size_entropy
    from pairs_before
    inner join pairs_after
        on
            pairs_before.segmentation = pairs_after.segmentation
            and pairs_before.month = pairs_after.month
    inner join pairs_both
        on
            pairs_before.segmentation = pairs_both.segmentation
            and pairs_before.month = pairs_both.month
    left join by_chance
        on
            pairs_before.segmentation = by_chance.segmentation
            and pairs_before.month = by_chance.month
    left join entropies
        on
            pairs_before.segmentation = entropies.segmentation
            and pairs_before.month = entropies.month

),

published as (

    select
        {{ surrogate_key(['segmentation', 'month']) }}
            as segment_stability_id,
        segmentation,
        case
            when stay_share >= {{ var('stable_stay_share') }} then 'stable'
            when stay_share <= chance_stay_share + 0.1 then 'as by chance'
            else 'moving'
        end as verdict,
        cast(customers as bigint) as customers,
        cast(stay_share as double) as stay_share,
        cast(chance_stay_share as double) as chance_stay_share,
        cast(
            (pairs - chance_pairs) / nullif(most_pairs - chance_pairs, 0)
            as double
        ) as ari_frozen,
        cast(null as double) as ari_refit,
        cast(null as double) as ami_refit,
        cast(size_entropy as double) as size_entropy,
        month
    from combined

)

select * from published
