{% macro day_in_zone(text, day) -%}
    {%- set offset = utc_offset(text) -%}
    {%- set clock = '[ ,T:]([0-9]{1,2}):([0-9]{2})' -%}
    {%- set compact = 'T([0-9]{2})([0-9]{2})' -%}
    {%- set minutes -%}
case
        when {{ is_unix_time(text) }}
            then cast(floor({{ unix_seconds(text) }} % 86400 / 60) as int)
        else {{ _minutes(text, clock, compact) }}
            + case
                when {{ matches_pattern(text, '1?[0-9]:[0-9:.]+ ?[Pp][.]?[Mm]') }}
                    and not {{ matches_pattern(text, '12:[0-9:.]+ ?[Pp]') }}
                    then 720
                when {{ matches_pattern(text, '12:[0-9:.]+ ?[Aa][.]?[Mm]') }}
                    then -720
                else 0
            end
    end - case when {{ offset }} like '%-%' then -1 else 1 end
    * {{ _minutes(
        offset, '([0-9]{2}):?([0-9]{2})', '([0-9]{2})()'
    ) }}
    {%- endset -%}
cast({{ local_time(day, minutes, checked_var('time_zone')) }} as date)
{%- endmacro %}


{% macro _minutes(text, pattern, other) -%}
coalesce(
        {%- for form in [pattern, other] %}
        60 * try_cast(nullif(regexp_extract({{ text }}, '{{ form }}', 1), '') as int)
        + coalesce(try_cast(
            nullif(regexp_extract({{ text }}, '{{ form }}', 2), '') as int
        ), 0),
        {%- endfor %}
        0
    )
{%- endmacro %}


{% macro local_time(day, minutes, zone) %}
    {{- return(adapter.dispatch('local_time')(day, minutes, zone)) -}}
{% endmacro %}

{% macro default__local_time(day, minutes, zone) -%}
    from_utc_timestamp(
        cast({{ day }} as timestamp) + make_interval(0, 0, 0, 0, 0, {{ minutes }}),
        '{{ zone }}'
    )
{%- endmacro %}

{% macro duckdb__local_time(day, minutes, zone) -%}
    timezone(
        '{{ zone }}',
        timezone('UTC', cast({{ day }} as timestamp) + to_minutes({{ minutes }}))
    )
{%- endmacro %}
