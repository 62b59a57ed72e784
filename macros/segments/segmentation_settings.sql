{# The segmentations as they are meant, by name: what the variable
   `segmentations` says, and what it leaves to the series (variable `series`).
   The name of the series says its window where that is another one than
   declared, such as rfm_6_months. #}
{% macro segmentation_settings() %}
    {% do check_segmentations() %}
    {% set found = {} %}
    {% for name, given in var('segmentations').items() %}
        {% set declared = var('series')[given.series] %}
        {% set settings = dict(declared, **given) %}
        {% do settings.update(
            kind=given.series, series_features=declared.features
        ) %}
        {% if settings.window != declared.window %}
            {% do settings.update(series=given.series ~ '_' ~ settings.window
                ~ '_' ~ settings.period ~ 's') %}
        {% endif %}
        {# Without the feature that the series is numbered by, the first. #}
        {% if settings.numbered_by not in settings.features %}
            {% do settings.update(numbered_by=settings.features[0]) %}
        {% endif %}
        {% do settings.pop('personas', none) %}
        {% do found.update({name: settings}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{# The series that any segmentation compares, by name. #}
{% macro series_settings() %}
    {% set found = {} %}
    {% for settings in segmentation_settings().values() %}
        {% do found.update({settings.series: settings}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{# The windows over which a series is compared, from short to long. #}
{% macro series_windows(kind) %}
    {% set found = [var('series')[kind].window] %}
    {% for settings in series_settings().values() if settings.kind == kind %}
        {% do found.append(settings.window) %}
    {% endfor %}
    {{ return(found | unique | sort) }}
{% endmacro %}


{# The windows of all series with steps of a month or of a day, from short to
   long, among them those of the measures that all segments have. #}
{% macro windows_of(period) %}
    {% set found = [12 if period == 'month' else recent_days()] %}
    {% for kind, declared in var('series').items()
        if declared.period == period %}
        {% do found.extend(series_windows(kind)) %}
    {% endfor %}
    {{ return(found | unique | sort) }}
{% endmacro %}


{# The days that the latest orders of a segment's members are told by; of a
   segmentation by series of days, those of its window. #}
{% macro recent_days(settings=none) %}
    {% set is_by_day = settings and settings.period == 'day' %}
    {{ return(settings.window if is_by_day else 90) }}
{% endmacro %}


{# Whether the segments of a row's segmentation are named by the rules of some
   personas. #}
{% macro is_named_by(personas) -%}
    {%- set names = [] -%}
    {%- for name, given in var('segmentations').items()
        if given.personas == personas -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ _is_any_of(names) }}
{%- endmacro %}


{# Whether a row's segmentation compares customers by month or by day. #}
{% macro is_compared_by(period) -%}
    {%- set names = [] -%}
    {%- for name, settings in segmentation_settings().items()
        if settings.period == period -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ _is_any_of(names) }}
{%- endmacro %}


{# Whether a row's segmentation is one of some names. #}
{% macro _is_any_of(names) -%}
    {{ "segmentation in ('" ~ names | join("', '") ~ "')" if names
        else '1 = 0' }}
{%- endmacro %}


{# A column of customer_months, over the window of the static series of a row of
   departures; over twelve months for paths. #}
{% macro window_total(column) -%}
    {%- set others = [] -%}
    {%- for name, settings in series_settings().items()
        if settings.is_static and settings.window != 12 -%}
        {%- do others.append("when '" ~ name ~ "' then customer_months."
            ~ column.format(settings.window)) -%}
    {%- endfor -%}
    {%- set year = 'customer_months.' ~ column.format(12) -%}
    {{ 'case departures.series ' ~ others | join(' ') ~ ' else ' ~ year ~ ' end'
        if others else year }}
{%- endmacro %}
