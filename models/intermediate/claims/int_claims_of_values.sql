-- What is claimed of customer values, as known at the latest origin. Where the
-- rank sum is published, or nothing, the mean rank stands for the models.
{% set query = 'select * from marts.rpt_value_accuracy' -%}
{% set tolerance = var('coverage_tolerance') | float -%}
{% set low = (0.8 - tolerance) | round(4) -%}
{% set high = (0.8 + tolerance) | round(4) -%}
with records as (

    select
        *,
        max(origin_month) over () as latest_month
    from {{ ref('int_value_records') }}
    where part = 'judgement'

),

placed as (

    select
        *,
        row_number() over (
            partition by target
            order by
                case
                    when is_published and model <> 'rfm_rank_sum' then 1
                    when model = 'mean_rank' then 2
                    else 3
                end,
                model
        ) as place
    from records
    where origin_month = latest_month

),

-- One row, also of nothing; chances and bands of what is published alone.
measured as (

    select
        {% for measure in ['gain', 'gain_low', 'gain_high'] -%}
        max(case
            when target = 'orders' and place = 1 then {{ measure }}
        end) as {{ measure }},
        {% endfor -%}
        {% for measure in [
            'calibration_error', 'calibration_low', 'calibration_high'
        ] -%}
        max(case
            when target = 'orders' and is_published then {{ measure }}
        end) as {{ measure }},
        {% endfor -%}
        {% for measure in [
            'coverage_80_share', 'coverage_low_share', 'coverage_high_share'
        ] -%}
        max(case
            when target = 'amounts' and is_published then {{ measure }}
        end) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from placed

),

claimed as (

    select
        {{ claim_row(
            "'value-ranking'",
            "'Customers are ranked by the chance of an order better than by the sum "
            ~ "of the ranks by recency, frequency and spend: difference of the areas "
            ~ "under the curve on earlier months, to be above 0.'",
            'Sorting by recency, frequency and spend is as good here: no model is'
            ~ ' needed for the order of a list.',
            'null', 'gain', 'gain_low', 'gain_high', '0', '0', query, least=0
        ) }}
    from measured
    union all
    select
        {{ claim_row(
            "'value-calibration'",
            "'Chances of an order are as often right as they say: mean distance of "
            ~ "said and come over ten groups of customers of earlier months, at most "
            ~ (tolerance | string) ~ ".'",
            'More or fewer customers order than the chances add up to: take them'
            ~ ' for an order of customers, not for numbers.',
            'null', 'calibration_error', 'calibration_low', 'calibration_high',
            tolerance, 'null', query, most=tolerance
        ) }}
    from measured
    union all
    select
        {{ claim_row(
            "'value-bands'",
            "'The 80 % band of what a customer spends held it: share of customers of "
            ~ "earlier months, to lie within " ~ low ~ " and " ~ high ~ ".'",
            'What single customers spend falls outside the band more or less'
            ~ ' often than it says.',
            'null', 'coverage_80_share', 'coverage_low_share',
            'coverage_high_share', '0.8', 'null', query, low, high
        ) }}
    from measured

)

select * from claimed
