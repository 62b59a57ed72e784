{% macro parse_number(text, decimal_mark, signs=none, bare=none, words=none) -%}
    {%- set signs = signs or _plain_signs(text) -%}
    {%- set bare = bare or _bare_number(signs) -%}
    {%- set words = words or number_words(signs) -%}
    {%- set marks = remove_pattern(bare, '[^0-9.,]') -%}
    {%- set point = matches_pattern(marks, _decided_form('[.]', ',')) -%}
    {%- set comma = matches_pattern(marks, _decided_form(',', '[.]')) -%}
    {%- set undecided = matches_pattern(marks, _undecided_form('[.,]')) -%}
case
    when {{ matches_pattern(text, _plain_number()) }}
        then try_cast({{ text }} as double)
    when {{ matches_pattern(text, '^-?[0-9]+,[0-9]{1,2}$') }}
        then try_cast(replace({{ text }}, ',', '.') as double)
    when {{ _is_one_number(signs, bare, words) }} then
        case when {{ _is_negative_number(bare, words) }} then -1 else 1 end
        * try_cast(case
            when {{ matches_pattern(marks, '^[0-9]+[.,]?$') }}
                then {{ remove_pattern(marks, '[.,]') }}
            when
                {{ point }}
                or ({{ undecided }} and {{ decimal_mark }} = 'point')
                then replace({{ marks }}, ',', '')
            when
                {{ comma }}
                or ({{ undecided }} and {{ decimal_mark }} = 'comma')
                then replace(replace({{ marks }}, '.', ''), ',', '.')
        end as double)
end
{%- endmacro %}


{% macro column_number(column, absent) -%}
    {%- set texts = column ~ '_texts' -%}
case
    when transactions.{{ column }} is null then cast({{ absent }} as double)
    when {{ is_plain_number('transactions.' ~ column) }}
        then try_cast(transactions.{{ column }} as double)
    when
        number_conventions.decimal_mark = 'point'
        or {{ texts }}.point_number = {{ texts }}.comma_number
        then {{ texts }}.point_number
    when number_conventions.decimal_mark = 'comma'
        then {{ texts }}.comma_number
end
{%- endmacro %}


{% macro number_form(text, signs=none, bare=none, words=none) -%}
    {%- set signs = signs or _plain_signs(text) -%}
    {%- set bare = bare or _bare_number(signs) -%}
    {%- set words = words or number_words(signs) -%}
    {%- set marks = remove_pattern(bare, '[^0-9.,]') -%}
case
    when {{ matches_pattern(
        text, '^-?[0-9]+([.]?[0-9]*[eE][+-]?[0-9]+)?$'
    ) }} then 'plain'
    when {{ matches_pattern(text, _plain_number()) }} then 'point'
    when {{ matches_pattern(text, '[%％‰]') }} then 'percent'
    when not {{ _is_one_number(signs, bare, words) }} then 'unreadable'
    when {{ matches_pattern(marks, '^[0-9]+[.,]?$') }} then 'plain'
    when {{ matches_pattern(marks, _decided_form('[.]', ',')) }} then 'point'
    when {{ matches_pattern(marks, _decided_form(',', '[.]')) }} then 'comma'
    when {{ matches_pattern(marks, _undecided_form('[.]')) }}
        then 'undecided_point'
    when {{ matches_pattern(marks, _undecided_form(',')) }}
        then 'undecided_comma'
    else 'unreadable'
end
{%- endmacro %}


{% macro is_plain_number(text) -%}
    {{ matches_pattern(text, _plain_number()) }}
{%- endmacro %}


{% macro number_words(signs) -%}
    {{ remove_pattern(signs, '[0-9.,()+_ -]') }}
{%- endmacro %}


{% macro _plain_number() -%}
    {{- return(
        '^-?([0-9]+|[0-9]*[.][0-9]{1,2}|[0-9]+[.][0-9]{4,}'
        ~ '|[0-9]+[.]?[0-9]*[eE][+-]?[0-9]+)$'
    ) -}}
{%- endmacro %}


{% macro _decided_form(mark, other) -%}
    {%- set group = '[1-9][0-9]{0,2}(' ~ other ~ '[0-9]{3})' -%}
    {%- set indian = '[1-9][0-9]?(,[0-9]{2})+,[0-9]{3}' -%}
    {%- set indian_groups = '|' ~ indian if other == ',' else '' -%}
    {{- return(
        '^([0-9]*' ~ mark ~ '([0-9]{1,2}|[0-9]{4,})'
        ~ '|(0[0-9]*|[0-9]{4,})?' ~ mark ~ '[0-9]{3}'
        ~ '|(' ~ group ~ '+' ~ indian_groups ~ ')' ~ mark ~ '[0-9]*'
        ~ '|' ~ group ~ '{2,}' ~ indian_groups ~ ')$'
    ) -}}
{%- endmacro %}


{% macro _undecided_form(mark) -%}
    {{- return('^[1-9][0-9]{0,2}' ~ mark ~ '[0-9]{3}$') -}}
{%- endmacro %}


{# Apostrophes become _, for engines quote them differently. #}
{% macro _plain_signs(text) -%}
    {%- set signs = {
        '-': '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207b\ufe63\uff0d',
        ' ': '\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008'
            ~ '\u2009\u200a\u202f\u205f\u3000',
        '_': '\u2018\u2019\u02bc\u2032\uff07\u00b4`'
    } -%}
    {%- set all = namespace(found='.,()+$¥', written='．，（）＋＄￥') -%}
    {%- for sign, others in signs.items() -%}
        {%- set all.found = all.found ~ sign * others | length -%}
        {%- set all.written = all.written ~ others -%}
    {%- endfor -%}
    {%- for digits in ['０１２３４５６７８９', '٠١٢٣٤٥٦٧٨٩', '۰۱۲۳۴۵۶۷۸۹'] -%}
        {%- set all.found = all.found ~ '0123456789' -%}
        {%- set all.written = all.written ~ digits -%}
    {%- endfor -%}
    {%- set nothing = '\u200b\u200c\u200d\u200e\u200f\u2060\u061c\ufeff' -%}
    lower(translate(
        {{ text }},
        concat(chr(39), '{{ all.written ~ nothing }}'),
        '_{{ all.found }}'
    ))
{%- endmacro %}


{% macro _bare_number(signs) -%}
    {{ remove_pattern(
        signs,
        '[^0-9.,()+_ ' ~ _currency_signs() ~ '-][.]|[^0-9.,()+_ -]'
    ) }}
{%- endmacro %}


{% macro _is_one_number(signs, bare, words) -%}
    {%- set body =
        '([0-9]{1,3}(( [0-9]{3})+|(_[0-9]{3})+)([.,][0-9]*)?'
        ~ '|[0-9.,]*[0-9][0-9.,]*)' -%}
    ({{ matches_pattern(
        bare,
        '^ *([+-]? *' ~ body ~ '([.,] ?--?)?|' ~ body ~ ' *-'
        ~ '|[(] *-? *' ~ body ~ ' *[)]) *$'
    ) }}
    and not {{ matches_pattern(
        signs,
        '[0-9][.,_ ]*[^0-9.,()+_ -].*[0-9]|[^0-9.,()+_ -],'
        ~ '|(^|[^a-z])[a-z]{3}[.][0-9]|[' ~ _currency_signs() ~ '][.][0-9]{3}'
    ) }}
    and (
        {{ _is_amount_word(words) }}
        or (
            {{ _is_amount_word(remove_pattern(words, '^[cd]r|[cd]r$')) }}
            and not {{ matches_pattern(bare, '[(-]') }}
        )
    ))
{%- endmacro %}


{% macro _is_negative_number(bare, words) -%}
    ({{ matches_pattern(bare, '^ *[(-]|[0-9] *- *$') }}
    or (
        {{ matches_pattern(words, '^cr|cr$') }}
        and not {{ _is_amount_word(words) }}
    ))
{%- endmacro %}


{% macro _currency_signs() -%}
    {{- return('$¢£¤¥₠-₧₩-₸₺-⃏') -}}
{%- endmacro %}
