with unioned as (

    {% for name, settings in series_settings().items() -%}
    select
        '{{ name }}' as series,
        customer_id,
        series_values
    from {{ ref('int_customers_' ~ settings.kind) }}
    {{ 'where window_months = ' ~ settings.window if settings.is_static }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from unioned
