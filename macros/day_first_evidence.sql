{# Counts, over one text column, the values that can only be day first, less
   those that can only be month first: at zero or above the day comes first. #}
{% macro day_first_evidence(text) -%}
    {%- set day = _date_part(text) -%}
sum(
    case
        when {{ matches_pattern(day, '^(1[3-9]|2[0-9]|3[01])/[0-9]{1,2}/') }}
            then 1
        when {{ matches_pattern(day, '^[0-9]{1,2}/(1[3-9]|2[0-9]|3[01])/') }}
            then -1
        else 0
    end
)
{%- endmacro %}
