with input_rows as (

    select * from {{ ref('int_input_rows_checked') }}
    where reason_code is not null

),

-- Equal rows are told apart by a running number.
numbered as (

    select
        *,
        row_number() over (
            partition by input_table, reason_code, raw_row order by row_key
        ) as copy_number
    from input_rows

),

published as (

    select
        {{ dbt.hash(surrogate_key(
            ['input_table', 'reason_code', 'raw_row', 'copy_number']
        )) }} as rejected_row_id,
        input_table,
        row_key,
        reason_code,
        raw_row
    from numbered

)

select * from published
