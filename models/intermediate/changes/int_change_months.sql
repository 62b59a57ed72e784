-- A month in which the whole shop is silent for longer than ever in the year
-- before is not tested: a day that was loaded late looks like a mass stop.
with months as (

    select * from {{ ref('int_membership_months') }}

),

segmentation_months as (

    select * from {{ ref('int_segmentation_months') }}
    where segmentation = '{{ var("segmentations") | first }}'

),

days_bought as (

    select
        month,
        {{ row_fingerprint([
            'customer_id', 'days_1', 'days_2', 'days_3', 'days_4', 'days_5',
            'days_6', 'days_7', 'days_8'
        ]) }} as row_number
    from {{ ref('int_customer_lines_bought') }}

),

bought as (

    select
        months.month,
        coalesce(sum(days_bought.row_number), 0) as row_numbers
    from months
    left join days_bought
        on months.month >= days_bought.month
    group by 1

),

judged as (

    select
        silences.*,
        silences.silent_days > silences.silent_days_before + 1
        and silences.silent_days * silences.order_days_a_day >= 10
            as is_shop_silent,
        months.fingerprint
    from {{ ref('int_shop_silences') }} as silences
    inner join months
        on silences.month = months.month

),

change_months as (

    select
        judged.month,
        judged.month_end_date,
        judged.window_start_date,
        cast(judged.silent_days as bigint) as silent_days,
        judged.is_shop_silent,
        cast(sum(case when judged.is_shop_silent then 0 else 1 end) over (
            order by judged.month
            rows between unbounded preceding and current row
        ) as bigint) as month_number,
        {{ surrogate_key([
            'judged.fingerprint', 'bought.row_numbers',
            'segmentation_months.state'
        ]) }} as fingerprint
    from judged
    inner join bought
        on judged.month = bought.month
    inner join segmentation_months
        on judged.month = segmentation_months.month

)

select * from change_months
