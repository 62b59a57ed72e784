-- What the numbers of a series are, in their order within a step.
with series_features as (

    {% for name, settings in series_settings().items() -%}
    {% for feature in settings.series_features -%}
    select
        {{ surrogate_key(["'" ~ name ~ "'", "'" ~ feature ~ "'"]) }}
            as series_feature_id,
        '{{ name }}' as series,
        '{{ feature }}' as feature,
        '{{ settings.period }}' as period,
        {{ loop.index }} as feature_number,
        {{ settings.series_features | length }} as features,
        {{ settings.window }} as window_periods
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from series_features
