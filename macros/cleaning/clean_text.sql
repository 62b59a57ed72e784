{# The words are looked up in one text: DuckDB makes of a list of them a join, for
   each column and in every query, used or not. None begins with a digit: ids,
   amounts and dates, most of what is read, aren't looked up, which costs a tenth. #}
{% macro clean_text(text, is_word=false) -%}
case
    when {{ text }} >= '0' and {{ text }} < ':' then {{ text }}
    when
        {% if is_word -%}
        position(
            concat('|', {{ text }}, '|')
            in '|null|NULL|nan|NaN|none|NONE|na|'
        ) = 0
        and {% endif -%}
        position(concat('|', lower({{ text }}), '|') in concat(
            '||-|--|n/a|<na>|nat|(null)|(blank)|#n/a|#nv|#ref!|#value!|#div/0!',
            '|#name?|#num!|#null!|', chr(92), 'n|'
            {%- if not is_word %}, 'null|none|nan|na|'{% endif %}
        )) = 0
        then {{ text }}
end
{%- endmacro %}


{% macro unguarded_text(text) -%}
case
    when {{ text }} like '="%"'
        then substring({{ text }}, 3, length({{ text }}) - 3)
    else {{ text }}
end
{%- endmacro %}
