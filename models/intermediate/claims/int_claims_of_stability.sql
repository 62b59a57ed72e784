-- Whether customers stay and the map stays, in the latest month that may be
-- shown. Intervals of shares are rounded outwards to whole per cent.
{% set query = 'select * from marts.rpt_segment_stability' -%}
with months_measured as (

    select * from {{ ref('int_segment_months_measured') }}

),

cells_judged as (

    select * from {{ ref('int_cells_judged') }}
    where kind = 'stay' and is_shown

),

refits as (

    select * from {{ ref('int_model_checks') }}
    where ari_refit is not null

),

shown as (

    select
        months_measured.*,
        row_number() over (
            partition by months_measured.segmentation
            order by months_measured.month desc
        ) as age
    from months_measured
    inner join cells_judged
        on {{ surrogate_key([
            'months_measured.segmentation', 'months_measured.month'
        ]) }} = cells_judged.cell_id

),

checked as (

    select
        *,
        row_number() over (partition by segmentation order by month desc) as age
    from refits

),

claimed as (

    select
        {{ claim_row(
            dbt.concat(["'stability-'", 'segmentation']),
            "'Customers keep their segment from one month to the next, and so"
            ~ ' do ' ~ var('stable_stay_beyond_chance') ~ ' or more of those'
            ~ ' whom chance would not keep: stay share of the latest month, with'
            ~ " its interval over customers.'",
            'Members change from month to month: what is planned for a segment'
            ~ ' reaches others than those who were looked at.',
            'segmentation', 'round(stay_share, 2)', 'stay_share_low',
            'stay_share_high', stay_share_asked('chance_stay_share'),
            'round(chance_stay_share, 2)', query,
            least=stay_share_asked('chance_stay_share'),
            shown=[
                'floor(stay_share_low * 100) / 100',
                'ceil(stay_share_high * 100) / 100'
            ]
        ) }}
    from shown
    where age = 1
    union all
    select
        {{ claim_row(
            dbt.concat(["'agreement-'", 'segmentation']),
            "'Segments that are found anew on the latest month are those in use:"
            ~ " adjusted Rand index, which is 0 by chance.'",
            'The map itself has moved: segments of today are not those of the next'
            ~ ' time that they are looked for.',
            'segmentation', 'ari_refit', 'ari_refit_low', 'ari_refit_high',
            var('stable_refit_agreement'), '0', query,
            least=var('stable_refit_agreement')
        ) }}
    from checked
    where age = 1

)

select * from claimed
