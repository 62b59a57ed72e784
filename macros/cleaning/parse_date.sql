{% macro parse_date(text) -%}
    {%- set day = _written_day(text) -%}
    {%- if checked_var('time_zone') -%}
case
    when date_conventions.has_moments and {{ utc_offset(text) }} <> ''
        then {{ day_in_zone(text, day) }}
    else {{ day }}
end
    {%- else -%}
{{ day }}
    {%- endif -%}
{%- endmacro %}


{# The most frequent forms come first. #}
{% macro _written_day(text) -%}
    {%- set day_first = 'date_conventions.is_day_first' -%}
    {%- set end = _time_pattern() ~ '$' -%}
    {%- set year_first = _year_first_pattern() -%}
    {%- set year_last = _year_last_pattern() -%}
    {%- set first = part_of(text, year_last, 1) -%}
    {%- set second = part_of(text, year_last, 2) -%}
case
    when {{ matches_pattern(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}' ~ end) }}
        then try_cast(substr({{ text }}, 1, 10) as date)
    when {{ matches_pattern(text, year_last ~ end) }}
        then {{ day_of(
            year_of(part_of(text, year_last, 3)),
            'case when ' ~ day_first ~ ' then ' ~ second ~ ' else ' ~ first ~ ' end',
            'case when ' ~ day_first ~ ' then ' ~ first ~ ' else ' ~ second ~ ' end'
        ) }}
    when {{ matches_pattern(text, year_first ~ end) }}
        then {{ day_of(
            part_of(text, year_first, 1),
            part_of(text, year_first, 2),
            part_of(text, year_first, 3)
        ) }}
    when {{ matches_pattern(text, _compact_pattern()) }}
        then {{ day_of(
            'substr(' ~ text ~ ', 1, 4)',
            'substr(' ~ text ~ ', 5, 2)',
            'substr(' ~ text ~ ', 7, 2)'
        ) }}
    when {{ is_excel_date(text) }}
        then {{ _day_after(
            '1899-12-30', 'try_cast(substr(' ~ text ~ ', 1, 5) as int)'
        ) }}
    when {{ is_unix_time(text) }}
        then {{ _day_after(
            '1970-01-01', 'cast(floor(' ~ unix_seconds(text) ~ ' / 86400) as int)'
        ) }}
    else worded_dates.day
end
{%- endmacro %}


{% macro part_of(text, pattern, place) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ place }})
{%- endmacro %}


{% macro day_of(year, month, day) -%}
    try_cast({{ dbt.concat([year, "'-'", month, "'-'", day]) }} as date)
{%- endmacro %}


{% macro year_of(digits) -%}
    {%- set century = run_started_at.year // 100 -%}
    case
        when length({{ digits }}) = 4 then ''
        when {{ digits }} > '{{ run_started_at.strftime("%y") }}'
            then '{{ century - 1 }}'
        else '{{ century }}'
    end || {{ digits }}
{%- endmacro %}


{% macro _day_after(first_day, days) -%}
    cast({{ dbt.dateadd(
        'day', days, "cast('" ~ first_day ~ "' as date)"
    ) }} as date)
{%- endmacro %}


{% macro _year_first_pattern() -%}
    {{- return(
        '^([0-9]{4})[-/. 年년] ?([0-9]{1,2})[-/. 月월] ?([0-9]{1,2})[日일.]?'
    ) -}}
{%- endmacro %}


{% macro _year_last_pattern() -%}
    {{- return(
        '^([0-9]{1,2})[./ -] ?([0-9]{1,2})[./ -] ?([0-9]{4}|[0-9]{2})[.]?'
    ) -}}
{%- endmacro %}


{% macro _compact_pattern() -%}
    {{- return(
        '^(19|20)[0-9]{6}([.]0+|[ T]?[0-9]{4}([0-9]{2})?([.][0-9]+)?Z?|'
        ~ _time_pattern() ~ ')$'
    ) -}}
{%- endmacro %}


{% macro _time_pattern() -%}
    {{- return('([Zz]|[+-][0-9]{2}:[0-9]{2}|' ~ clock_pattern() ~ ')?') -}}
{%- endmacro %}


{% macro clock_pattern() -%}
    {{- return(
        '(,? at |[ ,T:]+)[0-9]{1,2}[:.h][0-9]{2}([:.][0-9]{2})?([.,][0-9]+)?'
        ~ '([   ]?[AaPp][.]?[  ]?[Mm][.]?)?( ?('
        ~ '(UTC|GMT)?[+-][0-9]{2}(:?[0-9]{2})?|'
        ~ '[Zz]|UTC|MSK|MES?Z|[A-Z]{1,3}T))?( ?[(][^()]*[)])?'
    ) -}}
{%- endmacro %}


{% macro is_excel_date(text) -%}
    {{ matches_pattern(text, '^[1-7][0-9]{4}([.,][0-9]+)?$') }}
{%- endmacro %}


{% macro is_unix_time(text) -%}
    {{ matches_pattern(
        text, '^1[0-8][0-9]{8}([0-9]{3}|[0-9]{6}|[0-9]{9})?([.][0-9]+)?$'
    ) }}
{%- endmacro %}

{% macro unix_seconds(text) -%}
    try_cast(substr({{ text }}, 1, 10) as bigint)
{%- endmacro %}
