-- Each value lies in its interval, and jaccard_frozen always has one.
with agreements as (

    select * from {{ ref('int_segment_agreements') }}
    where measure = 'jaccard_frozen'

),

refits as (

    select * from {{ ref('int_segment_checks') }}

),

published as (

    select
        {{ surrogate_key(['agreements.segment_id', 'agreements.month']) }}
            as segment_month_id,
        agreements.segmentation,
        agreements.segment_id,
        agreements.value as jaccard_frozen,
        agreements.low as jaccard_frozen_low,
        agreements.high as jaccard_frozen_high,
        refits.jaccard_refit,
        refits.jaccard_refit_low,
        refits.jaccard_refit_high,
        agreements.month
    from agreements
    left join refits
        on
            agreements.segment_id = refits.segment_id
            and agreements.month = refits.month

)

select * from published
