-- How far each backtest was off. Bands count where they were calibrated.
with backtests as (

    select * from {{ ref('int_forecasts_backtested') }}

),

-- A miss costs 2 / (1 - level) times its distance from the band.
measured as (

    select
        *,
        {{ ratio('abs(actual_amount - forecast_amount)', 'scale_amount') }}
            as scaled_error,
        case
            when actual_amount = forecast_amount then cast(0 as double)
            else {{ ratio(
                '2 * abs(actual_amount - forecast_amount)',
                'abs(actual_amount) + abs(forecast_amount)'
            ) }}
        end as symmetric_error,
        {% for band, cost in [
            ('80', 10), ('95', 40), ('own_80', 10)
        ] -%}
        {% set own = 'own_' if band.startswith('own_') else '' -%}
        {% set level = band | replace('own_', '') -%}
        {% set lower = own ~ 'lower_' ~ level ~ '_amount' -%}
        {% set upper = own ~ 'upper_' ~ level ~ '_amount' -%}
        case
            when not is_calibrated or {{ lower }} is null then null
            when actual_amount between {{ lower }} and {{ upper }} then 1
            else 0
        end as held_{{ band }},
        case
            when is_calibrated and {{ lower }} is not null
                then {{ ratio(
                    upper ~ ' - ' ~ lower
                    ~ ' + ' ~ cost ~ ' * greatest('
                    ~ lower ~ ' - actual_amount, 0)'
                    ~ ' + ' ~ cost ~ ' * greatest(actual_amount - '
                    ~ upper ~ ', 0)', 'scale_amount'
                ) }}
        end as interval_score_{{ band }}{{ ',' if not loop.last }}
        {% endfor %}
    from backtests

),

-- Models are set against each other on the same backtests.
scored as (

    select
        *,
        case when scaled_error is not null then
            max(case when model = 'published' then scaled_error end) over (
                partition by
                    definition, segmentation, segment_id, origin_month, month
            )
        end as published_error,
        {% for model in ['weighted_mean', 'plain_mean', 'prophet'] -%}
        scaled_error - max(case
            when model = '{{ model }}' then scaled_error
        end) over (
            partition by
                definition, segmentation, segment_id, origin_month, month
        ) as {{ model }}_difference{{ ',' if not loop.last }}
        {% endfor %}
    from measured

)

select * from scored
