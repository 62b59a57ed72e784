-- What this build reads, as the mapping file or else the variables name it, and
-- a sample of its orders, by which it is known under another name.
{% set location = (
    var('input') or var('transactions_relation') or 'sample shop'
) | trim -%}

with names as (

    {% if var('input') -%}
    select * from {{ source('files', 'input_names') }}
    {%- else -%}
    select cast(null as string) as name
    {%- endif %}

),

-- The lowest fingerprints: what two inputs both have is drawn alike.
drawn as (

    select
        {{ row_fingerprint(['customer_id', 'order_date']) }}
        % 1000000000000000 as order_fingerprint
    from {{ ref('int_orders_accepted') }}
    order by order_fingerprint
    limit 1000

),

sampled as (

    select
        {{ series_array(['order_fingerprint'], 'order_fingerprint') }}
            as input_orders
    from drawn

),

named as (

    select
        coalesce(
            names.name, '{{ dbt.escape_single_quotes(location.rstrip("/")) }}'
        ) as input,
        names.name is not null as is_input_named,
        sampled.input_orders
    from sampled
    left join names
        on 1 = 1

)

select * from named
