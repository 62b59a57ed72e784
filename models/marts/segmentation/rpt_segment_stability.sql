-- Customers moved: how many kept their segment of the month before, what chance
-- alone would keep, and the adjusted Rand index of the two months (Hubert and
-- Arabie 1985, from counts of pairs). One model version scores both months.
with months_compared as (

    select * from {{ ref('int_segment_months_compared') }}

),

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

expected as (

    select
        *,
        pairs_before * pairs_after
        / nullif(customers * (customers - 1) / 2, 0) as pairs_by_chance
    from months_compared

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

compared as (

    select
        expected.segmentation,
        expected.month,
        expected.customers,
        expected.stayed / expected.customers as stay_share,
        expected.stayed_by_chance / (expected.customers * expected.customers)
            as chance_stay_share,
        (expected.pairs - expected.pairs_by_chance) / nullif(
            (expected.pairs_before + expected.pairs_after) / 2
            - expected.pairs_by_chance, 0
        ) as ari_frozen,
        entropies.size_entropy
    from expected
    left join entropies
        on
            expected.segmentation = entropies.segmentation
            and expected.month = entropies.month

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
        stay_share,
        chance_stay_share,
        ari_frozen,
        cast(null as double) as ari_refit,
        cast(null as double) as ami_refit,
        cast(round(size_entropy, 6) as double) as size_entropy,
        month
    from compared

)

select * from published
