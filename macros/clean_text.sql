{# Trims a text column; blanks and the usual words for "nothing" become null. #}
{% macro clean_text(column) -%}
case
    when
        lower(trim({{ column }})) not in (
            '', 'null', 'none', 'nan', 'na', 'n/a', '<na>', 'nat', '-'
        )
        then trim({{ column }})
end
{%- endmacro %}
