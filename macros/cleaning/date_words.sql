{% macro date_words(text) -%}
case
            when date_conventions.has_words
                then lower({{ remove_pattern(text, clock_pattern()) }})
        end
{%- endmacro %}


{% macro worded_patterns() -%}
    {%- set between = '[./, -]' -%}
    {%- set name = '([^0-9./, -]{3,})' -%}
    {%- set weekday = '(?:' ~ _weekday_names() ~ ')' ~ between ~ '+' -%}
    {%- set start = '^(?:' ~ weekday ~ ')?(?:(?:le|den|el|il|the) )?' -%}
    {%- set day = '([0-9]{1,2})(?:st|nd|rd|th|er|º|ª)?' -%}
    {%- set year = '([0-9]{4}|[0-9]{2})(?: ?r)?[.]?$' -%}
    {{- return([
        [
            start ~ day ~ between ~ '*(?:(?:of|de|di) )?' ~ name
            ~ between ~ '*(?:(?:of|de|del|do) )?' ~ year,
            1, 2, 3
        ],
        [start ~ name ~ between ~ '*' ~ day ~ between ~ '+' ~ year, 2, 1, 3],
        [
            '^([0-9]{4})' ~ between ~ '+' ~ name ~ between ~ '+([0-9]{1,2})$',
            3, 2, 1
        ]
    ]) -}}
{%- endmacro %}


{% macro _weekday_names() -%}
    {{- return(
        '(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?'
        ~ '|mo(?:ntag)?|di(?:enstag)?|mi(?:ttwoch)?|do(?:nnerstag)?|fr(?:eitag)?'
        ~ '|sa(?:mstag)?|sonnabend|so(?:nntag)?'
        ~ '|(?:lun|mar|mer(?:cre)?|jeu|ven(?:dre)?|same?)(?:di)?|dim(?:anche)?'
        ~ '|lunes|martes|mi[ée](?:rcoles)?|jueves|vie(?:rnes)?|s[áa]b(?:ado)?'
        ~ '|dom(?:ingo)?|(?:lune|marte|mercole|giove|vener)d[ìi]|gio|sabato|domenica'
        ~ '|(?:maan|dins|woens|donder|vrij|zater|zon)dag|ma|wo|vr|za|zo'
        ~ '|segunda|terça|quarta|quinta|sexta|seg|ter|qua|qui|sex'
    ) -}}
{%- endmacro %}
