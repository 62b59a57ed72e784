-- What is measured lies within its interval; a stay share always has one.
select
    segment_stability_id as id,
    stay_share as measured
from {{ ref('rpt_segment_stability') }}
where
    not coalesce(stay_share between stay_share_low and stay_share_high, false)
    or ari_frozen not between ari_frozen_low and ari_frozen_high
    or ari_refit not between ari_refit_low and ari_refit_high
    or ami_refit not between ami_refit_low and ami_refit_high
union all
select
    segment_month_id as id,
    jaccard_frozen as measured
from {{ ref('fct_segment_stabilities') }}
where
    not coalesce(
        jaccard_frozen between jaccard_frozen_low and jaccard_frozen_high, false
    )
    or jaccard_refit not between jaccard_refit_low and jaccard_refit_high
