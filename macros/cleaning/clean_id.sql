{% macro clean_id(text) -%}
{%- set id = composed_text(
    "case when substring(" ~ text ~ ", 1, 1) = chr(39) then substring(" ~ text
    ~ ", 2) else " ~ text ~ " end"
) -%}
case
    when {{ text }} like '%@%' then lower({{ id }})
    when {{ text }} like '%.0%' and {{ matches_pattern(text, '^[0-9]+[.]0+$') }}
        then {{ remove_pattern(text, '[.]0+$') }}
    else {{ id }}
end
{%- endmacro %}


{% macro composed_text(text) %}
    {{- return(adapter.dispatch('composed_text')(text)) -}}
{% endmacro %}

{% macro default__composed_text(text) -%}
    {{ text }}
{%- endmacro %}

{% macro duckdb__composed_text(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}
