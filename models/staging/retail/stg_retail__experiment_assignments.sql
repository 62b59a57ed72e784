with experiment_assignments as (

    select * from {{ ref('base_retail__experiment_assignments') }}

),

typed as (

    select
        ---------- ids
        {{ clean_id('customer_id') }} as customer_id,

        ---------- strings
        experiment,
        arm,
        salt,
        unreadable_line,
        left_out_line,
        raw_row,
        assigned_date is not null
        and try_cast(assigned_date as date) is null as has_unreadable_day,

        ---------- dates
        try_cast(assigned_date as date) as assigned_date
    from experiment_assignments

)

select * from typed
