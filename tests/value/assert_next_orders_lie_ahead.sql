-- A next date that is past, out of order, or of one who will hardly order; a
-- band whose ends are swapped.
with customer_values as (

    select
        *,
        {{ dbt.last_day('month', 'month') }} as month_end_date
    from {{ ref('fct_customer_values') }}

),

failures as (

    select *
    from customer_values
    where
        next_order_from_date <= month_end_date
        or next_order_date < next_order_from_date
        or next_order_until_date < next_order_date
        or (next_order_date is not null and order_90d_probability < 0.2)
        or upper_80_value_12m_amount < lower_80_value_12m_amount
        or is_scored <> (value_12m_amount is not null)

)

select * from failures
