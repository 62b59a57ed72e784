with customer_months as (

    select * from {{ ref('int_customer_months_windowed') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}

),

known as (

    select customer_months.*
    from customer_months
    inner join membership_months
        on customer_months.month = membership_months.month

),

monthly_paths as (

    select
        'monthly_lrfm' as series,
        customer_id,
        month,
        {{ path_stage('months_of_history < ' ~ var('months_of_history'),
            'orders_12_months') }} as stage,
        orders_12_months as orders_in_window
    from known

),

daily_paths as (

    select
        'daily_spend' as series,
        customer_id,
        month,
        {{ path_stage('length_days < 89', 'orders_90_days') }} as stage,
        orders_90_days as orders_in_window
    from known

),

-- Static features need no path: one order in the last twelve months is enough.
static_features as (

    select
        customer_id,
        month,
        case when orders_12_months > 0 then 'active' else 'lapsed' end as stage,
        orders_12_months as orders_in_window
    from known

),

unioned as (

    select * from monthly_paths
    union all
    select * from daily_paths
    union all
    select
        'rfm' as series,
        *
    from static_features
    union all
    select
        'behaviour' as series,
        *
    from static_features

),

staged as (

    select
        {{ surrogate_key(['series', 'customer_id', 'month']) }}
            as customer_stage_id,
        series,
        customer_id,
        stage,
        cast(orders_in_window as bigint) as orders_in_window,
        month
    from unioned

)

select * from staged
