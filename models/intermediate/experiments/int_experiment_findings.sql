-- Refused experiments, and rows of assignments and contacts that are not used.
with judged as (

    select * from {{ ref('int_experiments_judged') }}

),

assignments as (

    select * from {{ ref('int_experiment_assignments_given') }}

),

contacts as (

    select * from {{ ref('int_campaign_contacts_checked') }}

),

unioned as (

    select
        experiment,
        refusal_code as finding_code,
        found_text as found,
        cast(1 as bigint) as found_rows
    from judged
    where refusal_code is not null
    union all
    select
        coalesce(experiment, '(no name)') as experiment,
        {{ dbt.concat(["'assignment:'", 'reason_code']) }} as finding_code,
        cast(count(*) as string) as found,
        cast(count(*) as bigint) as found_rows
    from assignments
    where reason_code is not null
    group by 1, 2
    union all
    select
        campaign as experiment,
        {{ dbt.concat(["'contact:'", 'reason_code']) }} as finding_code,
        cast(count(*) as string) as found,
        cast(count(*) as bigint) as found_rows
    from contacts
    where reason_code is not null
    group by 1, 2

)

select * from unioned
