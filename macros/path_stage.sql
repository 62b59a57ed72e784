{# The stage of a customer before any clustering: only `active` ones have a path
   long and full enough to be compared. #}
{% macro path_stage(is_new, orders_in_window) -%}
case
    when {{ is_new }} then 'new'
    when {{ orders_in_window }} = 0 then 'lapsed'
    when {{ orders_in_window }} < {{ var('orders_of_history') }} then 'sparse'
    else 'active'
end
{%- endmacro %}
