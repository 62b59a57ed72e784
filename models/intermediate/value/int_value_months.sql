-- Models are fitted at the ends of quarters, and of each month while the shop
-- is young; a month is scored by the latest such month, itself included.
with months as (

    select * from {{ ref('int_membership_months') }}

),

marked as (

    select
        month,
        month_end_date,
        days_back,
        {{ surrogate_key([
            'fingerprint', var('seed'), var('value_discount_share')
        ]) }} as fingerprint,
        months_of_data <= 6
        or mod(extract(month from month), 3) = 0 as is_origin
    from months

),

value_months as (

    select
        *,
        cast(max(case when is_origin then month end) over (
            order by month
            rows between unbounded preceding and current row
        ) as date) as origin_month
    from marked

)

select * from value_months
