{% macro series_array(values, order_by) %}
    {{- return(adapter.dispatch('series_array')(values, order_by)) -}}
{% endmacro %}

{% macro default__series_array(values, order_by) -%}
    flatten(transform(
        array_sort(collect_list(struct(
            {{ order_by }} as step,
            array(
                {%- for value in values -%}
                    cast({{ value }} as double){{ ', ' if not loop.last }}
                {%- endfor -%}
            ) as entry
        ))),
        item -> item.entry
    ))
{%- endmacro %}

{% macro duckdb__series_array(values, order_by) -%}
    {%- if values | length == 1 -%}
    list(cast({{ values[0] }} as double) order by {{ order_by }})
    {%- else -%}
    flatten(list(
        [
            {%- for value in values -%}
                cast({{ value }} as double){{ ', ' if not loop.last }}
            {%- endfor -%}
        ] order by {{ order_by }}
    ))
    {%- endif -%}
{%- endmacro %}
