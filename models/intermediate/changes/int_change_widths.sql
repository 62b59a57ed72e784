-- Where the middle chance of a segment is smaller than one half, customers vary
-- more than is expected of one who has not changed: their chances are widened.
with middles as (

    select
        *,
        greatest(
            coalesce(ln(middle_p_value), 0) / ln(0.5), cast(1 as double)
        ) as own_width
    from {{ ref('int_change_middles') }}

),

widths as (

    select
        segment_id,
        channel,
        tested_customers,
        round((
            tested_customers * own_width
            + 50 * coalesce({{ ratio(
                'sum(tested_customers * own_width) over ('
                ~ 'partition by channel, fingerprint)',
                'sum(tested_customers) over ('
                ~ 'partition by channel, fingerprint)'
            ) }}, 1)
        ) / (tested_customers + 50), 9) as width,
        month,
        fingerprint
    from middles

)

select * from widths
