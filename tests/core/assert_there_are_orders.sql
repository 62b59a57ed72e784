-- Without one accepted order there is nothing to publish. Fails with one row,
-- unless an empty build is asked for (not by `enabled`, which dbt remembers).
select count(*) as orders
from {{ ref('fct_orders') }}
where not is_return
having count(*) = 0 and {{ (not flags.EMPTY) | lower }}
