{% macro share(part, whole) -%}
    case
        when {{ part }} between 0 and {{ whole }}
            then {{ ratio(part, whole) }}
    end
{%- endmacro %}
