-- What a customer of a segment brings in a month, by all months known by then;
-- the lapsed, who buy nothing any more, are below all others.
with segment_months as (

    select
        moves.segmentation,
        moves.segment_id,
        moves.month,
        min(case when moves.stage = 'lapsed' then 0 else 1 end) as is_buying,
        count(*) as customers,
        {{ exact_amount('sum(customer_months.monetary_amount)') }} as amount
    from {{ ref('int_segment_moves') }} as moves
    inner join {{ ref('int_customer_months_measured') }} as customer_months
        on moves.customer_id = customer_months.customer_id
        and moves.month = customer_months.month
    group by 1, 2, 3

),

known as (

    select
        segment_months.segmentation,
        segment_months.segment_id,
        months.month,
        min(segment_months.is_buying) as is_buying,
        round({{ ratio('sum(amount)', 'sum(customers)') }}, 6) as worth_amount
    from {{ ref('int_membership_months') }} as months
    inner join segment_months on months.month >= segment_months.month
    group by 1, 2, 3

),

worths as (

    select
        {{ surrogate_key(['segment_id', 'month']) }} as segment_worth_id,
        segmentation,
        segment_id,
        worth_amount,
        cast(rank() over (
            partition by segmentation, month order by is_buying, worth_amount
        ) as bigint) as worth_rank,
        month
    from known

)

select * from worths
