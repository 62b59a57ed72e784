-- Only of the sample shop, whose generator planted what is to be found; of any
-- other shop it has no row. No model of customers or segments reads it.
with planted_moves as (

    select * from {{ ref('int_planted_moves') }}

),

agreements as (

    select * from {{ ref('int_planted_agreements') }}

),

-- By the kind before a switch, or of a steady window.
kinds as (

    select
        segmentation,
        case when is_switch then kind_before else kind end as kind,
        sum(case when is_switch then 1 else 0 end) as switches,
        sum(case when is_switch and is_seen then 1 else 0 end) as seen,
        sum(case when is_steady_window then 1 else 0 end) as windows,
        sum(case when is_steady_window and is_seen then 1 else 0 end)
            as windows_seen
    from planted_moves
    group by 1, 2

),

-- A kind without a steady window is held against the windows of all.
compared as (

    select
        segmentation,
        switches,
        seen,
        coalesce(
            {{ ratio('windows_seen', 'windows') }},
            {{ ratio(
                'sum(windows_seen) over (partition by segmentation)',
                'sum(windows) over (partition by segmentation)'
            ) }}
        ) as chance_seen_share
    from kinds

),

switches as (

    select
        segmentation,
        cast(sum(switches) as bigint) as switches,
        {{ share('sum(seen)', 'sum(switches)') }} as seen_share,
        {{ share('sum(switches * chance_seen_share)', 'sum(switches)') }}
            as chance_seen_share
    from compared
    group by 1

),

steady as (

    select
        segmentation,
        cast(count(*) as bigint) as steady_months,
        {{ average(
            "case when cause = 'behaved differently' then 1 else 0 end"
        ) }} as moved_share
    from planted_moves
    where is_steady
    group by 1

),

published as (

    select
        switches.segmentation,
        of_kinds.customers,
        cast(round(of_kinds.agreement, 6) as double) as kind_agreement,
        cast(round(of_lifecycle_kinds.agreement, 6) as double)
            as lifecycle_kind_agreement,
        switches.switches,
        cast(round(switches.seen_share, 6) as double) as seen_share,
        cast(round(switches.chance_seen_share, 6) as double)
            as chance_seen_share,
        steady.steady_months,
        cast(round(steady.moved_share, 6) as double) as moved_share
    from switches
    left join steady
        on switches.segmentation = steady.segmentation
    left join agreements as of_kinds
        on
            switches.segmentation = of_kinds.segmentation
            and of_kinds.planted = 'kind'
    left join agreements as of_lifecycle_kinds
        on
            switches.segmentation = of_lifecycle_kinds.segmentation
            and of_lifecycle_kinds.planted = 'lifecycle_kind'

)

select * from published
