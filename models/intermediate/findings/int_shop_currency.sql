-- A shop whose amounts name several currencies has no build.
{% set currency = checked_var('currency') -%}
with named as (

    select * from {{ ref('int_currencies_named') }}

),

shop as (

    select
        coalesce(
            nullif('{{ currency }}', ''),
            case when count(distinct currency) = 1 then min(currency) end
        ) as currency
    from named
    where not is_told_by_others

)

select * from shop
