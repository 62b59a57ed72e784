-- A path needs some months of data before it can be told apart.
with months as (

    select * from {{ ref('int_months') }}

),

customer_months as (

    select
        month,
        {{ row_fingerprint([
            'customer_id', 'orders', 'sessions', 'revenue_amount', 'items',
            'list_amount', 'discount_amount', 'returned_amount',
            'last_order_date'
        ]) }} as row_number
    from {{ ref('int_customer_months_summed') }}

),

customer_days as (

    select
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as month,
        {{ row_fingerprint([
            'customer_id', 'order_date', 'orders', 'spend_amount'
        ]) }} as row_number
    from {{ ref('int_customer_days_spent') }}

),

-- Every month has rows of its own, so that none is left out of the sums.
unioned as (

    select * from customer_months
    union all
    select * from customer_days
    union all
    select
        month,
        0 as row_number
    from months

),

summed as (

    select
        month,
        sum(row_number) as row_numbers
    from unioned
    group by 1

),

running as (

    select
        month,
        sum(row_numbers) over (
            order by month
            rows between unbounded preceding and current row
        ) as row_numbers
    from summed

),

membership_months as (

    select
        months.month,
        months.month_end_date,
        months.months_back,
        months.days_back,
        months.months_of_data,
        {{ surrogate_key([
            'months.month', 'running.row_numbers',
            var('months_of_history'), var('orders_of_history')
        ]) }} as fingerprint
    from months
    inner join running
        on months.month = running.month
    where months.months_of_data >= {{ var('months_of_history') }}

)

select * from membership_months
