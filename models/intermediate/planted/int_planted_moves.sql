-- What is seen in steady windows is what chance would show of a switch.
with planted_months as (

    select * from {{ ref('int_planted_months') }}

),

moves as (

    select * from {{ ref('int_segment_moves') }}

),

joined as (

    select
        moves.segmentation,
        moves.customer_id,
        moves.cause,
        planted_months.kind,
        planted_months.kind_before,
        planted_months.is_known,
        planted_months.is_switch and moves.cause <> 'entered' as is_switch,
        planted_months.is_steady and moves.cause <> 'entered' as is_steady,
        moves.month
    from moves
    inner join planted_months
        on
            moves.customer_id = planted_months.customer_id
            and moves.month = planted_months.month

),

planted_moves as (

    select
        *,
        max(case when cause in (
            'behaved differently', 'lapsed', 'returned', 'settled'
        ) then 1 else 0 end) over window_months = 1 as is_seen,
        min(case when is_steady and is_known then 1 else 0 end)
            over window_months = 1
        and count(*) over window_months = 3 as is_steady_window
    from joined
    window window_months as (
        partition by segmentation, customer_id order by month
        rows between current row and 2 following
    )

)

select * from planted_moves
