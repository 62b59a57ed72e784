{% macro change_channel_names() -%}
    {{ return(['timing', 'rate', 'spend', 'mix']) }}
{%- endmacro %}


{% macro change_channels() -%}
    {%- for channel in change_channel_names() -%}
    select '{{ channel }}' as channel
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{% macro by_change_channel(cte, name) -%}
    case channels.channel
            {%- for channel in change_channel_names() %}
            when '{{ channel }}' then {{ cte }}.{{ channel }}_{{ name }}
            {%- endfor %}
        end
{%- endmacro %}
