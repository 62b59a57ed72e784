with months_compared as (

    select * from {{ ref('int_segment_months_compared') }}

),

agreements as (

    select * from {{ ref('int_segment_agreements') }}
    where segment_id is null

),

counted as (

    select
        segmentation,
        month,
        cast(sum(customers) as bigint) as customers,
        {{ share('sum(nearest_stayed)', 'sum(customers)') }}
            as nearest_stay_share
    from months_compared
    group by 1, 2

),

-- One column for each measure.
spread as (

    select
        segmentation,
        month,
        max(case when measure = 'chance_stay_share' then value end)
            as chance_stay_share,
        {% for measure in ['stay_share', 'ari_frozen'] -%}
        max(case when measure = '{{ measure }}' then value end)
            as {{ measure }},
        max(case when measure = '{{ measure }}' then low end)
            as {{ measure }}_low,
        max(case when measure = '{{ measure }}' then high end)
            as {{ measure }}_high{{ ',' if not loop.last }}
        {% endfor -%}
    from agreements
    group by 1, 2

),

measured as (

    select
        counted.segmentation,
        counted.customers,
        spread.stay_share,
        spread.stay_share_low,
        spread.stay_share_high,
        spread.chance_stay_share,
        {{ ratio(
            'spread.stay_share - spread.chance_stay_share',
            '1 - spread.chance_stay_share'
        ) }} as stay_beyond_chance,
        counted.nearest_stay_share,
        spread.ari_frozen,
        spread.ari_frozen_low,
        spread.ari_frozen_high,
        counted.month
    from counted
    inner join spread
        on
            counted.segmentation = spread.segmentation
            and counted.month = spread.month

)

select * from measured
