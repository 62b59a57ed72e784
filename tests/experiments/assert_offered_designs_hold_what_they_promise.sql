-- A design that finds effects where there are none, beyond chance, is not
-- offered, and only what is offered is called testable.
with designs as (

    select * from {{ ref('rpt_testability') }}

)

select
    testability_id,
    aa_lower,
    verdict
from designs
where
    (is_offered and coalesce(aa_lower, 0) > 0.05)
    or (verdict = 'testable' and not is_offered)
    or (verdict = 'testable' and power_at_expected < 0.8)
    or (test = 'permutation' and aa_dealings is not null)
