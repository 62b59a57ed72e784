-- Every move has an interval with its revenue change inside; who stayed has
-- none.
select
    segment_migration_id,
    revenue_change_low_amount,
    revenue_change_amount,
    revenue_change_high_amount
from {{ ref('fct_segment_migrations') }}
where
    (revenue_change_low_amount is null) <> (cause = 'stayed')
    or (revenue_change_high_amount is null) <> (cause = 'stayed')
    or revenue_change_amount < revenue_change_low_amount - 0.005
    or revenue_change_amount > revenue_change_high_amount + 0.005
