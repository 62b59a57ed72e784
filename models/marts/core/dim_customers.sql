-- Everyone who ordered or gave back: each fact finds its customer here.
with published as (

    select * from {{ ref('int_customers_described') }}

),

{{ shown('published') }}

select * from shown
