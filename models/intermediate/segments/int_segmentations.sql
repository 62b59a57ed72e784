-- The configured segmentations (variable `segmentations`) as rows.
with segmentations as (

    {% for name, settings in var('segmentations').items() -%}
    select
        '{{ name }}' as segmentation,
        '{{ settings.series }}' as series
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from segmentations
