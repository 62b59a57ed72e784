-- Revenue of the customers who were in the segment at the origin (cohort),
-- before and after it: whoever comes or moves later is not counted.
with members as (

    select * from {{ ref('int_forecast_members') }}

),

-- Without the months in which nothing was bought or given back.
customer_months as (

    select * from {{ ref('int_customer_months_measured') }}
    where frequency_orders > 0 or monetary_amount <> 0

),

cohort_months as (

    select
        members.segmentation,
        members.segment_id,
        cast(sum(case
            when members.first_month = customer_months.month then 1 else 0
        end) as bigint) as new_customers,
        cast(sum(customer_months.frequency_orders) as bigint) as orders,
        cast(sum(customer_months.monetary_amount) as double)
            as revenue_amount,
        members.origin_month,
        customer_months.month
    from members
    inner join customer_months
        on
            members.customer_id = customer_months.customer_id
            and customer_months.month <= {{ dbt.dateadd(
                'month', var('forecast_horizon_months'),
                'members.origin_month'
            ) }}
    group by 1, 2, 6, 7

)

select * from cohort_months
