-- The whole weeks of each test that have ended, and those in which its plan
-- looks.
with experiments as (

    select * from {{ ref('int_experiments_judged') }}
    where refusal_code is null

),

numbers as (

    {{ dbt.generate_series(104) }}

),

months as (

    select * from {{ ref('int_months') }}

),

weeks as (

    select
        experiments.experiment,
        experiments.start_date,
        cast(numbers.generated_number as bigint) as week,
        experiments.planned_weeks,
        experiments.planned_looks,
        cast({{ dbt.dateadd(
            'day', 'cast(7 * numbers.generated_number - 1 as int)',
            'experiments.start_date'
        ) }} as date) as week_end_date,
        experiments.as_of_date
    from experiments
    inner join numbers
        on experiments.planned_weeks >= numbers.generated_number

),

ended as (

    select
        weeks.experiment,
        weeks.week,
        weeks.planned_weeks,
        weeks.planned_looks,
        weeks.start_date,
        weeks.week_end_date,
        max(months.month) as month,
        max(months.month_end_date) as month_end_date
    from weeks
    left join months
        on weeks.week_end_date >= months.month_end_date
    where weeks.week_end_date <= weeks.as_of_date
    group by 1, 2, 3, 4, 5, 6

),

looks as (

    select
        *,
        floor(1e0 * week * planned_looks / planned_weeks)
        > floor(1e0 * (week - 1) * planned_looks / planned_weeks)
            as is_planned_look
    from ended

)

select * from looks
