{# A part of a whole, 0 to 1, as a double. Null where there is none: the whole is
   zero, the part or the whole is below zero, or the part is the larger one. #}
{% macro share(part, whole) -%}
    case
        when {{ part }} between 0 and {{ whole }}
            then {{ ratio(part, whole) }}
    end
{%- endmacro %}
