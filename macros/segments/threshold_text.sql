{% macro threshold_text(number) -%}
    case
        when round({{ number }}, 6) = round({{ number }})
            then {{ rounded_text(number) }}
        else cast(round({{ number }}, 6) as string)
    end
{%- endmacro %}
