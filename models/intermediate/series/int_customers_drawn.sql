-- Drawn by a seeded hash among the customers of each month: the same ones on
-- every engine, in any order, whoever joins later.
with customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

customers as (

    select distinct
        month,
        customer_id
    from customer_stages

),

numbered as (

    select
        month,
        customer_id,
        row_number() over (
            partition by month
            order by
                {{ dbt.hash(dbt.concat([
                    "'" ~ var('seed') ~ "|'", 'customer_id'
                ])) }},
                customer_id
        ) as draw_number
    from customers

),

drawn as (

    select
        month,
        customer_id
    from numbered
    where draw_number <= {{ var('evidence_customers') }}

)

select * from drawn
