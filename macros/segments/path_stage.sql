{% macro path_stage(settings) -%}
case
    {%- if not settings.is_static %}
    when {{ 'months_of_history < ' ~ var('months_of_history')
        if settings.period == 'month'
        else 'length_days < ' ~ (settings.window - 1) }} then 'new'
    {%- endif %}
    when {{ path_orders(settings) }} = 0 then 'lapsed'
    when {{ path_orders(settings) }} < {{ orders_needed(settings) }}
        then 'sparse'
    else 'active'
end
{%- endmacro %}


{% macro path_orders(settings) -%}
    orders_{{ settings.window }}_{{ settings.period }}s
{%- endmacro %}


{% macro orders_needed(settings) -%}
    {{ 1 if settings.is_static else var('orders_of_history') }}
{%- endmacro %}
