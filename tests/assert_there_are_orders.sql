-- Without one accepted order there is nothing to publish. Fails with one row.
{{ config(enabled = not flags.EMPTY) }}

select count(*) as orders
from {{ ref('fct_orders') }}
having count(*) = 0
