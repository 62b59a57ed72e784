{% macro first_months_due(segmentation_months) -%}
    select
        asked.segmentation,
        min(asked.month) as first_month
    from {{ segmentation_months }} as asked
    {% if is_incremental() -%}
    left join (select distinct state from {{ this }}) as known
        on asked.state = known.state
    where known.state is null
    {% endif -%}
    group by 1
{%- endmacro %}
