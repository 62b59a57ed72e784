-- The configured segmentations (variable `segmentations`) as rows.
with segmentations as (

    {% for name, settings in segmentation_settings().items() -%}
    select
        '{{ name }}' as segmentation,
        '{{ settings.series }}' as series,
        {{ recent_days(settings) }} as recent_days,
        {{ transition_months(name) }} as transition_months,
        '{{ dbt.escape_single_quotes(tojson(settings)) }}' as settings
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from segmentations
