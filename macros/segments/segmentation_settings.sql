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
        {# What does not change a fit is no part of what it is known by. #}
        {% do settings.pop('personas', none) %}
        {% do settings.pop('transition_months', none) %}
        {% do found.update({name: settings}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro transition_months(segmentation) %}
    {% set given = var('segmentations')[segmentation] %}
    {{ return(given.get('transition_months', var('transition_months'))) }}
{% endmacro %}


{% macro series_settings() %}
    {% set found = {} %}
    {% for settings in segmentation_settings().values() %}
        {% do found.update({settings.series: settings}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro series_windows(kind) %}
    {% set found = [var('series')[kind].window] %}
    {% for settings in series_settings().values() if settings.kind == kind %}
        {% do found.append(settings.window) %}
    {% endfor %}
    {{ return(found | unique | sort) }}
{% endmacro %}


{% macro windows_of(period) %}
    {% set found = [12 if period == 'month' else recent_days()] %}
    {% for kind, declared in var('series').items()
        if declared.period == period %}
        {% do found.extend(series_windows(kind)) %}
    {% endfor %}
    {{ return(found | unique | sort) }}
{% endmacro %}


{% macro recent_days(settings=none) %}
    {% set is_by_day = settings and settings.period == 'day' %}
    {{ return(settings.window if is_by_day else 90) }}
{% endmacro %}


{% macro is_named_by(personas) -%}
    {%- set names = [] -%}
    {%- for name, given in var('segmentations').items()
        if given.personas == personas -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ _is_any_of(names) }}
{%- endmacro %}


{% macro _is_any_of(names) -%}
    {{ "segmentation in ('" ~ names | join("', '") ~ "')" if names
        else '1 = 0' }}
{%- endmacro %}


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
