-- More than one published ranking or amount; one that is not better than
-- chance, or no better than the rank sum without being it.
with accuracies as (

    select * from {{ ref('rpt_value_accuracy') }}
    where is_published

),

failures as (

    select
        target,
        count(*) as models
    from accuracies
    group by 1
    having
        count(*) > 1
        or min(case when target = 'orders' then auc_low end) <= 0.5
        or min(case
            when target = 'orders' and model <> 'rfm_rank_sum' then gain_low
        end) <= 0

)

select * from failures
