-- Drawn by a seeded hash: the same customers on every engine, in any order.
with customer_stages as (

    select * from {{ ref('int_customer_stages') }}

),

customers as (

    select distinct
        customer_id,
        {{ dbt.hash(dbt.concat([
            "'" ~ var('seed') ~ "|'", 'customer_id'
        ])) }} as draw
    from customer_stages

),

drawn as (

    select customer_id
    from customers
    order by draw, customer_id
    limit {{ var('evidence_customers') }}

)

select * from drawn
