with web_sessions as (

    select * from {{ ref('base_retail__web_sessions') }}

),

typed as (

    select
        ---------- ids
        {{ clean_id('web_sessions.customer_id') }} as customer_id,

        ---------- strings
        web_sessions.session_started_at,
        web_sessions.unreadable_line,
        web_sessions.left_out_line,
        web_sessions.raw_row,

        ---------- numerics
        coalesce(try_cast(web_sessions.page_views as double), 1) as page_views,
        try_cast(web_sessions.seconds as double) as session_seconds,
        0 as repaired_values,

        ---------- dates
        {{ parse_date('web_sessions.session_started_at', 'true') }}
            as session_date
    from web_sessions

)

select * from typed
