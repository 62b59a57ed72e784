with planted_kinds as (

    select
        *,
        lag(kind) over (
            partition by customer_id order by from_month
        ) as kind_before,
        min(from_month) over (partition by customer_id) as first_month
    from {{ ref('stg_retail__planted_kinds') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

joined as (

    select
        planted_kinds.customer_id,
        planted_kinds.kind,
        planted_kinds.kind_before,
        planted_kinds.lifecycle_kind,
        planted_kinds.kind_before is not null
        and membership_months.month = planted_kinds.from_month as is_switch,
        planted_kinds.first_month < {{ dbt.dateadd(
            'month', -3, 'membership_months.month'
        ) }} as is_known,
        membership_months.month
    from planted_kinds
    inner join membership_months
        on
            membership_months.month
            between planted_kinds.from_month and planted_kinds.to_month

),

planted_months as (

    select
        *,
        max(case when is_switch then 1 else 0 end) over (
            partition by customer_id order by month
            rows between 3 preceding and 3 following
        ) = 0 as is_steady
    from joined

)

select * from planted_months
