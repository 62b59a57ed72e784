{% macro shown(cte) %}
    {{- return(adapter.dispatch('shown')(cte)) -}}
{% endmacro %}


{% macro duckdb__shown(cte) -%}
shown as (

    select * from {{ cte }}

)
{%- endmacro %}


{% macro default__shown(cte) -%}
    {%- set left_out = personal_columns(model) -%}
shown as (

    select
        {%- for name, column in model.columns.items() %}
        {%- if name in left_out %}
        cast(null as {{ column.data_type }}) as {{ name }}
        {%- else %}
        {{ name }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- else %}
        *
        {%- endfor %}
    from {{ cte }}

)
{%- endmacro %}
