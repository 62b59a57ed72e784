-- Customers of a membership month = customers with a segment, per segmentation.
with customer_months as (

    select
        customer_months.month,
        count(*) as customers
    from {{ ref('fct_customer_months') }} as customer_months
    inner join {{ ref('int_membership_months') }} as membership_months
        on customer_months.month = membership_months.month
    group by 1

),

segmented as (

    select
        segmentation,
        month,
        count(*) as customers
    from {{ ref('fct_customer_segments') }}
    group by 1, 2

)

select
    segmented.segmentation,
    segmented.month,
    segmented.customers as segmented_customers,
    customer_months.customers
from segmented
full outer join customer_months
    on segmented.month = customer_months.month
where
    segmented.customers is null
    or customer_months.customers is null
    or segmented.customers <> customer_months.customers
