{# Yes or no out of text; null when it is neither. #}
{% macro parse_boolean(text) -%}
case
    when
        lower({{ text }}) in ('1', '1.0', 'true', 't', 'yes', 'y')
        then true
    when
        lower({{ text }}) in ('0', '0.0', 'false', 'f', 'no', 'n')
        then false
end
{%- endmacro %}
