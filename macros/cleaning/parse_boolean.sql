{# The words are one pattern: DuckDB makes of a list of them a join, in every
   query. #}
{% macro parse_boolean(text) -%}
{%- set yes = '1|1[.]0|t|yes|y|on|x|✓|✔|☑|ja|j|wahr|sí|si|s|sì|oui|sim|vrai'
    ~ '|verdadero|verdadeiro|vero|waar|sand|tak|ano|igen|da|да|evet|kyllä|はい|是' -%}
{%- set no = '0|0[.]0|f|no|n|off|nein|falsch|non|não|nao|faux|falso|onwaar|falsk'
    ~ '|nee|nej|nie|ne|nem|nu|нет|hayır|ei|いいえ|否' -%}
case
    when lower({{ text }}) = 'true' then true
    when lower({{ text }}) = 'false' then false
    when {{ matches_pattern('lower(' ~ text ~ ')', '^(' ~ yes ~ ')$') }} then true
    when {{ matches_pattern('lower(' ~ text ~ ')', '^(' ~ no ~ ')$') }} then false
end
{%- endmacro %}
