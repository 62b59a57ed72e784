{# An identifier as text, written in one way: leading zeros stay; the `.0` that
   spreadsheets and data frames put behind whole numbers goes, and so does the
   apostrophe that keeps zeros in a spreadsheet; mail addresses are in lower case;
   letters with accents are one letter. #}
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


{# One character for a letter and its accent (Unicode NFC). Spark has no function
   for it: there the text stays as it is. #}
{% macro composed_text(text) %}
    {{- return(adapter.dispatch('composed_text')(text)) -}}
{% endmacro %}

{% macro default__composed_text(text) -%}
    {{ text }}
{%- endmacro %}

{% macro duckdb__composed_text(text) -%}
    nfc_normalize({{ text }})
{%- endmacro %}
