{# A date out of text: year first (with or without a time), yyyymmdd, day and
   month first with / . or -, two-digit years, month names, Excel serial numbers.
   `day_first` is a boolean column: whether 3/4/2017 is in April (see
   day_first_evidence). Null when the text is not a date. #}
{% macro parse_date(text, day_first) %}
    {{- return(adapter.dispatch('parse_date')(text, day_first)) -}}
{% endmacro %}

{% macro duckdb__parse_date(text, day_first) -%}
    {%- set day = _date_part(text) -%}
case
    when {{ matches_pattern(text, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') }}
        then try_cast({{ _iso_part(text) }} as date)
    when {{ matches_pattern(day, '^[0-9]{8}$') }}
        then cast(try_strptime({{ day }}, '%Y%m%d') as date)
    when {{ is_excel_date(text) }}
        then date '1899-12-30' + cast(floor(try_cast({{ text }} as double)) as int)
    when {{ matches_pattern(day, '^[0-9]{4}/') }}
        then cast(try_strptime({{ day }}, '%Y/%m/%d') as date)
    when {{ matches_pattern(day, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$') }}
        then cast(case
            when {{ day_first }} then try_strptime({{ day }}, '%d/%m/%Y')
            else try_strptime({{ day }}, '%m/%d/%Y')
        end as date)
    when {{ matches_pattern(day, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}$') }}
        then cast(case
            when {{ day_first }} then try_strptime({{ day }}, '%d/%m/%y')
            else try_strptime({{ day }}, '%m/%d/%y')
        end as date)
    when {{ matches_pattern(text, '[A-Za-z]{3}') }}
        then cast(try_strptime(
            {{ remove_pattern(text, '[ T]+[0-9]{1,2}:.*$') }},
            [
                '%d %B %Y', '%d %b %Y', '%B %d, %Y', '%b %d, %Y', '%d-%b-%Y',
                '%d-%b-%y', '%d/%b/%Y', '%d %b %y', '%d.%b.%Y'
            ]
        ) as date)
end
{%- endmacro %}

{% macro default__parse_date(text, day_first) -%}
    {%- set day = _date_part(text) -%}
    {%- set words = remove_pattern(text, '[ T]+[0-9]{1,2}:.*$') -%}
case
    when {{ matches_pattern(text, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') }}
        then try_cast({{ _iso_part(text) }} as date)
    when {{ matches_pattern(day, '^[0-9]{8}$') }}
        then cast(try_to_timestamp({{ day }}, 'yyyyMMdd') as date)
    when {{ is_excel_date(text) }}
        then date_add(
            date '1899-12-30', cast(floor(try_cast({{ text }} as double)) as int)
        )
    when {{ matches_pattern(day, '^[0-9]{4}/') }}
        then cast(try_to_timestamp({{ day }}, 'yyyy/M/d') as date)
    when {{ matches_pattern(day, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$') }}
        then cast(case
            when {{ day_first }} then try_to_timestamp({{ day }}, 'd/M/yyyy')
            else try_to_timestamp({{ day }}, 'M/d/yyyy')
        end as date)
    when {{ matches_pattern(day, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}$') }}
        then {{ _year_of_two_digits(
            "case when " ~ day_first ~ " then try_to_timestamp(" ~ day
            ~ ", 'd/M/yy') else try_to_timestamp(" ~ day ~ ", 'M/d/yy') end"
        ) }}
    when {{ matches_pattern(text, '[A-Za-z]{3}') }}
        then coalesce(
            {%- for format in [
                'd MMMM yyyy', 'd MMM yyyy', 'MMMM d, yyyy', 'MMM d, yyyy',
                'd-MMM-yyyy', 'd/MMM/yyyy', 'd.MMM.yyyy'
            ] %}
            cast(try_to_timestamp({{ words }}, '{{ format }}') as date),
            {%- endfor %}
            {%- for format in ['d-MMM-yy', 'd MMM yy'] %}
            {{ _year_of_two_digits(
                "try_to_timestamp(" ~ words ~ ", '" ~ format ~ "')"
            ) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
end
{%- endmacro %}


{# Two digits of a year mean 1969 to 2068, as on DuckDB; Spark reads 2000 to
   2099. #}
{% macro _year_of_two_digits(timestamp) -%}
    case
        when year({{ timestamp }}) > 2068
            then add_months(cast({{ timestamp }} as date), -1200)
        else cast({{ timestamp }} as date)
    end
{%- endmacro %}


{# 2017-02-25 out of 2017-02-25 10:00 and 2017-02-25T10:00+10:00. #}
{% macro _iso_part(text) -%}
    split_part(split_part({{ text }}, ' ', 1), 'T', 1)
{%- endmacro %}


{# The text before the time of day, with / between its parts. #}
{% macro _date_part(text) -%}
    replace(replace(split_part({{ text }}, ' ', 1), '.', '/'), '-', '/')
{%- endmacro %}


{# Excel counts days from 1899-12-30: 20000 is in 1954, 79999 in 2119. #}
{% macro is_excel_date(text) -%}
    {{ matches_pattern(text, '^[2-7][0-9]{4}([.][0-9]+)?$') }}
{%- endmacro %}
