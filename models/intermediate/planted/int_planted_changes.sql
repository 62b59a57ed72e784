-- The month of a switch ends about 30 days after it, the next one about 60.
with planted_months as (

    select
        *,
        lag(is_switch) over by_month as was_switch,
        lag(kind_before) over by_month as last_kind_before
    from {{ ref('int_planted_months') }}
    window by_month as (partition by customer_id order by month)

),

months as (

    select * from {{ ref('int_change_months') }}

),

measured as (

    select measured.*
    from {{ ref('int_changes_measured') }} as measured
    inner join months
        on measured.fingerprint = months.fingerprint

),

behaviour_changes as (

    select * from {{ ref('int_behaviour_changes') }}

),

channels as (

    {{ change_channels() }}

),

planted_changes as (

    select
        planted_months.customer_id,
        channels.channel,
        case
            when planted_months.is_switch then planted_months.kind_before
            when planted_months.was_switch
                then planted_months.last_kind_before
            else planted_months.kind
        end as kind,
        case
            when planted_months.is_switch or planted_months.was_switch
                then planted_months.kind
        end as kind_after,
        cast(case
            when planted_months.is_switch then 30
            when planted_months.was_switch then 60
        end as bigint) as delay_days,
        planted_months.is_steady and planted_months.is_known as is_steady,
        {{ by_change_channel('measured', 'p_value') }} as p_value,
        measured.silence_days,
        coalesce(behaviour_changes.is_flagged, false) as is_flagged,
        planted_months.month
    from planted_months
    inner join measured
        on
            planted_months.customer_id = measured.customer_id
            and planted_months.month = measured.month
    cross join channels
    left join behaviour_changes
        on
            planted_months.customer_id = behaviour_changes.customer_id
            and channels.channel = behaviour_changes.channel
            and planted_months.month = behaviour_changes.month
    where
        planted_months.is_switch
        or coalesce(planted_months.was_switch, false)
        or (planted_months.is_steady and planted_months.is_known)

)

select * from planted_changes
