{# A trimmed text, or null where it is one of the usual words for "nothing". In a
   column of words NA is Namibia, and Null or None are names of people. #}
{% macro clean_text(text, is_word=false) -%}
case
    when
        {% if is_word -%}
        {{ text }} not in ('null', 'NULL', 'nan', 'NaN', 'none', 'NONE', 'na')
        and {% endif -%}
        lower({{ text }}) not in (
            '', '-', '--', 'n/a', '<na>', 'nat', '(null)', '(blank)',
            '#n/a', '#nv', '#ref!', '#value!', '#div/0!', '#name?', '#num!',
            '#null!', concat(chr(92), 'n')
            {%- if not is_word %}, 'null', 'none', 'nan', 'na'{% endif %}
        )
        then {{ text }}
end
{%- endmacro %}


{# 00123 out of ="00123", as exports keep spreadsheets from taking it for a number. #}
{% macro unguarded_text(text) -%}
case
    when {{ text }} like '="%"'
        then substring({{ text }}, 3, length({{ text }}) - 3)
    else {{ text }}
end
{%- endmacro %}
