{# Yes or no out of text, in the words of spreadsheets of many languages; a cross or
   a tick is a yes. Null when it is neither: int_findings_of_orders names those. #}
{% macro parse_boolean(text) -%}
case
    when
        lower({{ text }}) in (
            '1', '1.0', 'true', 't', 'yes', 'y', 'on', 'x', '✓', '✔', '☑',
            'ja', 'j', 'wahr', 'sí', 'si', 's', 'sì', 'oui', 'sim', 'vrai',
            'verdadero', 'verdadeiro', 'vero', 'waar', 'sand', 'tak', 'ano',
            'igen', 'da', 'да', 'evet', 'kyllä', 'はい', '是'
        )
        then true
    when
        lower({{ text }}) in (
            '0', '0.0', 'false', 'f', 'no', 'n', 'off', 'nein', 'falsch',
            'non', 'não', 'nao', 'faux', 'falso', 'onwaar', 'falsk', 'nee',
            'nej', 'nie', 'ne', 'nem', 'nu', 'нет', 'hayır', 'ei', 'いいえ', '否'
        )
        then false
end
{%- endmacro %}
