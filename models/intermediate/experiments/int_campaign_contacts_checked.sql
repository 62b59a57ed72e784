-- Who was written to, each with the reason why it does not count for a test. A
-- campaign of no test stays as it is: it is described, and credited with
-- nothing.
with contacts as (

    select
        *,
        row_number() over (
            partition by experiment, customer_id, contacted_date, raw_row
            order by raw_row
        ) as copy
    from {{ ref('stg_retail__campaign_contacts') }}

),

members as (

    select * from {{ ref('int_experiment_members') }}

),

experiments as (

    select * from {{ ref('int_experiments_planned') }}

),

checked as (

    select
        coalesce(contacts.experiment, '(no name)') as campaign,
        contacts.customer_id,
        contacts.arm,
        contacts.is_opened,
        contacts.is_clicked,
        experiments.experiment is not null as is_test,
        contacts.contacted_date,
        contacts.raw_row,
        case
            when contacts.unreadable_line is not null then 'unreadable_line'
            when contacts.left_out_line is not null then 'left_out_by_mapping'
            when contacts.customer_id is null then 'null_customer'
            when contacts.contacted_date is null then 'unparsable_date'
            when contacts.copy > 1 then 'exact_duplicate'
            when experiments.experiment is null then null
            when members.customer_id is null then 'not_assigned'
            when contacts.contacted_date < members.assigned_date
                then 'before_assignment'
        end as reason_code
    from contacts
    left join experiments
        on contacts.experiment = experiments.experiment
    left join members
        on
            contacts.experiment = members.experiment
            and contacts.customer_id = members.customer_id

)

select * from checked
