{% macro change_channels() -%}
    {%- for channel in ['timing', 'rate', 'spend', 'mix'] -%}
    select '{{ channel }}' as channel
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{% macro by_change_channel(cte, name) -%}
    case channels.channel
            {%- for channel in ['timing', 'rate', 'spend', 'mix'] %}
            when '{{ channel }}' then {{ cte }}.{{ channel }}_{{ name }}
            {%- endfor %}
        end
{%- endmacro %}
