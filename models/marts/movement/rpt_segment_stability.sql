-- Two stabilities, never mixed. Customers moved: one model version scores both
-- months. The map moved: a refit on the month beside the version in force.
with months_measured as (

    select * from {{ ref('int_segment_months_measured') }}

),

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

refits as (

    select * from {{ ref('int_model_checks') }}

),

cells_judged as (

    select * from {{ ref('int_cells_judged') }}
    where kind = 'stay'

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

published as (

    select
        {{ surrogate_key(
            ['months_measured.segmentation', 'months_measured.month']
        ) }} as segment_stability_id,
        months_measured.segmentation,
        case
            when
                months_measured.stay_share_low
                <= months_measured.chance_stay_share
                and months_measured.stay_share_high
                < {{ stay_share_asked('months_measured.chance_stay_share') }}
                then 'as by chance'
            else {{ agreement_verdict(
                'months_measured.stay_share_low',
                'months_measured.stay_share_high',
                stay_share_asked('months_measured.chance_stay_share')
            ) }}
        end as customers_verdict,
        {{ agreement_verdict(
            'refits.ari_refit_low',
            'refits.ari_refit_high',
            var('stable_refit_agreement')
        ) }} as map_verdict,
        months_measured.customers,
        months_measured.stay_share,
        months_measured.stay_share_low,
        months_measured.stay_share_high,
        months_measured.chance_stay_share,
        months_measured.stay_beyond_chance,
        months_measured.nearest_stay_share,
        months_measured.ari_frozen,
        months_measured.ari_frozen_low,
        months_measured.ari_frozen_high,
        refits.ari_refit,
        refits.ari_refit_low,
        refits.ari_refit_high,
        refits.ami_refit,
        refits.ami_refit_low,
        refits.ami_refit_high,
        cast(round(entropies.size_entropy, 6) as double) as size_entropy,
        {% for threshold in [
            'stable_stay_share', 'stable_stay_beyond_chance',
            'stable_refit_agreement'
        ] -%}
        cast({{ var(threshold) }} as double) as {{ threshold }},
        {% endfor -%}
        coalesce(cells_judged.is_shown, false) as is_stay_shown,
        months_measured.month
    from months_measured
    left join cells_judged
        on {{ surrogate_key([
            'months_measured.segmentation', 'months_measured.month'
        ]) }} = cells_judged.cell_id
    left join refits
        on
            months_measured.segmentation = refits.segmentation
            and months_measured.month = refits.month
    left join entropies
        on
            months_measured.segmentation = entropies.segmentation
            and months_measured.month = entropies.month

)

select * from published
