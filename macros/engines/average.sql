{# The mean of what is not null, as a double: see ratio. #}
{% macro average(expression) -%}
    {{ ratio('sum(' ~ expression ~ ')', 'count(' ~ expression ~ ')') }}
{%- endmacro %}
