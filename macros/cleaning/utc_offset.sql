{% macro utc_offset(text) -%}
    {%- set pattern =
        '(?::[0-9]{2}|T[0-9]{4}|T[0-9]{6})(?:[.,][0-9]+)?'
        ~ '(?: ?[AaPp][.]?[Mm][.]?)? ?'
        ~ '((?:UTC|GMT)?[+-][0-9]{2}(?::?[0-9]{2})?|[Zz]|UTC|GMT)'
    -%}
case
    when length({{ text }}) > 13 and {{ text }} like '%:%'
        then {{ part_of(text, pattern, 1) }}
    when {{ text }} like '%-%' or {{ text }} like '%/%' then ''
    when {{ is_unix_time(text) }} then 'Z'
    when length({{ text }}) > 13 then {{ part_of(text, pattern, 1) }}
    else ''
end
{%- endmacro %}
