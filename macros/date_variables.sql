{# The variable date_order: auto, dmy or mdy, in any case. #}
{% macro date_order() %}
    {% set order = var('date_order') | string | trim | lower %}
    {% if order not in ['auto', 'dmy', 'mdy'] %}
        {{ exceptions.raise_compiler_error(
            "The variable date_order is '" ~ var('date_order') ~ "'. Write dmy (the "
            ~ "day comes first), mdy (the month comes first), or auto."
        ) }}
    {% endif %}
    {{ return(order) }}
{% endmacro %}


{# The variable time_zone, checked; empty when times are taken as written. #}
{% macro time_zone() %}
    {% set zone = var('time_zone') | string | trim %}
    {% if zone and zone not in modules.pytz.all_timezones_set %}
        {{ exceptions.raise_compiler_error(
            "The variable time_zone is '" ~ zone ~ "', which is no time zone. Write "
            ~ "its name as Europe/Berlin or America/New_York, or leave it empty: "
            ~ "times are then taken as they are written."
        ) }}
    {% endif %}
    {{ return(zone) }}
{% endmacro %}


{# A variable that is a day, as text; empty where that means something. #}
{% macro day_variable(name) %}
    {% set day = var(name) | string | trim %}
    {% set parts = modules.re.match('^([0-9]{4})-([0-9]{2})-([0-9]{2})$', day) %}
    {% set is_day = namespace(yes=(day == '' and name == 'as_of_date')) %}
    {% if parts %}
        {% set year, month = parts[1] | int, parts[2] | int %}
        {% set is_leap = year % 4 == 0 and (year % 100 or year % 400 == 0) %}
        {% set february = 29 if is_leap else 28 %}
        {% set lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] %}
        {% set is_day.yes = (
            1 <= month <= 12 and 1 <= parts[3] | int <= lengths[month - 1]
        ) %}
    {% endif %}
    {% if not is_day.yes %}
        {{ exceptions.raise_compiler_error(
            "The variable " ~ name ~ " is '" ~ day ~ "', which is no day. Write it "
            ~ "with year, month and day: 2017-12-31."
        ) }}
    {% endif %}
    {{ return(day) }}
{% endmacro %}
