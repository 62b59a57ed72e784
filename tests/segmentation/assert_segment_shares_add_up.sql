-- Shares of customers and of revenue add up to 1 per segmentation and month; of
-- revenue there are none in a month in which a segment is below zero.
select
    segmentation,
    month,
    sum(customer_share) as customer_shares,
    sum(revenue_share) as revenue_shares,
    count(*) - count(revenue_share) as segments_without_share
from {{ ref('fct_segment_profiles') }}
group by 1, 2
having
    abs(sum(customer_share) - 1) > 1e-9
    or abs(sum(revenue_share) - 1) > 1e-9
    or count(revenue_share) not in (0, count(*))
