-- A segment's value is the sum of its customers'; its band is that of sums, not
-- the sum of their bands.
with customer_values as (

    select * from {{ ref('fct_customer_values') }}
    where is_scored

),

memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

months as (

    select * from {{ ref('int_value_months') }}

),

spreads as (

    select * from {{ ref('int_value_records') }}
    where part = 'judgement' and target = 'amounts' and is_published

),

joined as (

    select
        memberships.segmentation,
        memberships.segment_id,
        memberships.month,
        months.origin_month,
        customer_values.value_12m_amount,
        (1 - customer_values.order_90d_probability)
        * customer_values.value_12m_if_active_amount as value_at_risk_amount,
        ntile(10) over (
            partition by
                memberships.segmentation, memberships.segment_id,
                memberships.month
            order by
                customer_values.value_12m_amount desc,
                customer_values.customer_id
        ) as tenth
    from memberships
    inner join customer_values
        on
            memberships.customer_id = customer_values.customer_id
            and memberships.month = customer_values.month
    inner join months
        on memberships.month = months.month

),

summed as (

    select
        segmentation,
        segment_id,
        month,
        origin_month,
        count(*) as customers,
        sum({{ exact_amount('value_12m_amount') }}) as value_12m_amount,
        sum({{ exact_amount('value_at_risk_amount') }})
            as value_at_risk_amount,
        sum(case when tenth = 1
            then {{ exact_amount('value_12m_amount') }} else 0
        end) as top_amount,
        sum(cast(power(value_12m_amount, 2) as decimal(38, 4))) as squares
    from joined
    group by 1, 2, 3, 4

),

-- What sums of earlier origins were off, and what single customers add to it.
banded as (

    select
        summed.*,
        spreads.evidence_origins,
        spreads.sum_reach * sqrt(
            power(spreads.origin_spread, 2)
            * (1 + {{ ratio('1', 'spreads.evidence_origins') }})
            + power(spreads.customer_spread, 2)
            * {{ ratio('squares', 'power(value_12m_amount, 2)') }}
        ) as reach
    from summed
    left join spreads
        on summed.origin_month = spreads.origin_month

),

published as (

    select
        {{ surrogate_key(['segmentation', 'segment_id', 'month']) }}
            as segment_value_id,
        cast(segmentation as string) as segmentation,
        cast(segment_id as string) as segment_id,
        cast(customers as bigint) as customers,
        cast(value_12m_amount as double) as value_12m_amount,
        round(cast(value_12m_amount as double) * exp(-reach), 6)
            as lower_80_value_12m_amount,
        round(cast(value_12m_amount as double) * exp(reach), 6)
            as upper_80_value_12m_amount,
        cast(value_at_risk_amount as double) as value_at_risk_amount,
        round({{ share('top_amount', 'value_12m_amount') }}, 6)
            as top_tenth_share,
        reach is not null as is_calibrated,
        month
    from banded

)

select * from published
