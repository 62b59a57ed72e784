with campaign_contacts as (

    select * from {{ ref('base_retail__campaign_contacts') }}

),

typed as (

    select
        ---------- ids
        {{ clean_id('customer_id') }} as customer_id,

        ---------- strings
        experiment,
        arm,
        unreadable_line,
        left_out_line,
        raw_row,

        ---------- booleans
        {{ parse_boolean('opened') }} as is_opened,
        {{ parse_boolean('clicked') }} as is_clicked,

        ---------- dates
        cast(try_cast(contacted_at as timestamp) as date) as contacted_date
    from campaign_contacts

)

select * from typed
