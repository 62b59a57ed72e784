-- Too many unusable rows mean that an input was misread.
select *
from {{ ref('rpt_input_reconciliations') }}
where rejected_share > {{ var('rejected_share_threshold') }}
