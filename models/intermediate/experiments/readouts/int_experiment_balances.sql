-- Sizes, worth and contacts of each arm's strata, by which it is checked that
-- arms are what the lot made of them. Places by worth stand for amounts, of
-- which a few customers would decide.
with members as (

    select * from {{ ref('int_experiment_members') }}

),

arms as (

    select * from {{ ref('int_experiment_arms_bounded') }}

),

contacts as (

    select
        contacts.campaign as experiment,
        contacts.customer_id,
        max(case when contacts.arm <> members.arm
            or (contacts.arm is null and members.is_control)
            then 1 else 0 end) as is_misplaced
    from {{ ref('int_campaign_contacts_checked') }} as contacts
    inner join members
        on
            contacts.campaign = members.experiment
            and contacts.customer_id = members.customer_id
    where contacts.is_test and contacts.reason_code is null
    group by 1, 2

),

campaigns as (

    select distinct experiment from contacts

),

ranked as (

    select
        *,
        round(
            percent_rank() over (
                partition by experiment
                order by coalesce(value_at_assignment, 0)
            ), 6
        ) as worth_rank
    from members

),

balances as (

    select
        ranked.experiment,
        ranked.arm,
        ranked.stratum,
        ranked.is_control,
        cast(max(arms.share) as double) as share,
        cast(count(*) as bigint) as customers,
        cast(sum(cast(ranked.worth_rank as decimal(18, 6))) as double)
            as rank_sum,
        cast(sum(cast(
            ranked.worth_rank * ranked.worth_rank as decimal(18, 6)
        )) as double) as rank_squares,
        cast(case when max(campaigns.experiment) is not null
            then count(contacts.customer_id)
        end as bigint) as contacted_customers,
        cast(sum(coalesce(contacts.is_misplaced, 0)) as bigint)
            as misplaced_customers
    from ranked
    inner join arms
        on
            ranked.experiment = arms.experiment
            and ranked.arm = arms.arm
    left join campaigns
        on ranked.experiment = campaigns.experiment
    left join contacts
        on
            ranked.experiment = contacts.experiment
            and ranked.customer_id = contacts.customer_id
    group by 1, 2, 3, 4

)

select * from balances
