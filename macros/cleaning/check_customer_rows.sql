{% macro check_customer_rows(relation) -%}
numbered as (

    select
        *,
        row_number() over (
            partition by customer_id, unreadable_line is null
            order by raw_row
        ) as copy_number,
        first_value(raw_row) over (
            partition by customer_id, unreadable_line is null
            order by raw_row
        ) as kept_row
    from {{ relation }}

),

checked as (

    select
        *,
        case
            when unreadable_line is not null then 'unreadable_line'
            when left_out_line is not null then 'left_out_by_mapping'
            when customer_id is null then 'null_customer'
            when copy_number > 1 and raw_row = kept_row then 'exact_duplicate'
            when copy_number > 1 then 'conflicting_duplicate_id'
        end as reason_code
    from numbered

)
{%- endmacro %}
