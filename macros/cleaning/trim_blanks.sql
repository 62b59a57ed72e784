{# Texts without any stay untouched, which is what most columns hold, and costs a
   tenth. #}
{% macro trim_blanks(text) %}
    {{- return(adapter.dispatch('trim_blanks')(text)) -}}
{% endmacro %}

{% macro default__trim_blanks(text) -%}
    trim(both '{{ _blanks() }}' from {{ text }})
{%- endmacro %}

{% macro duckdb__trim_blanks(text) -%}
    case
        when
            {{ text }} < '!'
            or right({{ text }}, 1) < '!'
            or strlen({{ text }}) > length({{ text }}) and (
                contains('{{ _blanks() }}', left({{ text }}, 1))
                or contains('{{ _blanks() }}', right({{ text }}, 1))
            )
            then trim({{ text }}, '{{ _blanks() }}')
        else {{ text }}
    end
{%- endmacro %}


{% macro _blanks() -%}
    {{- return(
        ' \t\n\r\f\u00a0\u00ad\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005'
        ~ '\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028'
        ~ '\u2029\u202f\u205f\u2060\u3000\ufeff'
    ) -}}
{%- endmacro %}
