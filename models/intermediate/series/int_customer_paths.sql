-- What is scored: the paths of customers who were active in any month, with the
-- months in which they were. A view: the paths are long, and kept once already.
{{ config(materialized='view') }}

with customer_series as (

    select * from {{ ref('int_customer_series') }}

),

customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

active as (

    select
        customer_stages.series,
        customer_stages.customer_id,
        {{ series_array(
            ['membership_months.months_back'], 'customer_stages.month'
        ) }} as active_months_back
    from customer_stages
    inner join membership_months
        on customer_stages.month = membership_months.month
    where customer_stages.stage = 'active'
    group by 1, 2

),

paths as (

    select
        customer_series.series,
        customer_series.customer_id,
        customer_series.series_values,
        active.active_months_back
    from customer_series
    inner join active
        on
            customer_series.series = active.series
            and customer_series.customer_id = active.customer_id

)

select * from paths
