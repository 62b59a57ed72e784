with planted_kinds as (

    {% if not own_relation('transactions') -%}
    select * from {{ ref('raw_planted_kinds') }}
    where {{ '1 = 1' if is_sample_shop() else '1 = 0' }}
    {%- else -%}
    select
        cast(null as string) as customer_id,
        cast(null as string) as kind,
        cast(null as string) as lifecycle_kind,
        cast(null as string) as from_month,
        cast(null as string) as to_month
    where 1 = 0
    {%- endif %}

),

typed as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        kind,
        lifecycle_kind,

        ---------- dates
        cast(from_month as date) as from_month,
        cast(to_month as date) as to_month
    from planted_kinds

)

select * from typed
