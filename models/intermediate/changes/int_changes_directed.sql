with tested as (

    select * from {{ ref('int_changes_tested') }}

),

months as (

    select * from {{ ref('int_change_months') }}

),

categories as (

    select * from {{ ref('int_product_lines_numbered') }}

),

directed as (

    select
        tested.*,
        case
            when tested.channel = 'timing' then 'down'
            when tested.channel = 'mix' then 'other'
            when tested.after < tested.before * tested.ratio then 'down'
            else 'up'
        end as direction,
        tested.p_value <= {{ var('change_unusual_share') }} as is_unusual,
        tested.p_value <= {{ var('change_unusual_share') }}
        and tested.q_value <= {{ var('change_false_share') }} as is_discovered,
        coalesce(categories.product_line, 'other product lines')
            as product_line,
        months.month_number,
        months.month_end_date,
        months.window_start_date
    from tested
    inner join months
        on tested.fingerprint = months.fingerprint
    left join categories
        on tested.mix_number = categories.category_number

)

select * from directed
