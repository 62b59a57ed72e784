with web_sessions as (

    select * from {{ ref('stg_retail__web_sessions') }}

),

checked as (

    select
        *,
        case
            when unreadable_line is not null then 'unreadable_line'
            when left_out_line is not null then 'left_out_by_mapping'
            when customer_id is null then 'null_customer'
            when session_date is null then 'unparsable_date'
            when row_number() over (partition by raw_row order by raw_row) > 1
                then 'exact_duplicate'
        end as reason_code
    from web_sessions

)

select * from checked
