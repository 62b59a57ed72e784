-- No row that was read is lost: it is accepted, a duplicate that was merged, or
-- here with its reason.
with input_rows as (

    select * from {{ ref('int_input_rows_checked') }}
    where reason_code is not null

),

-- A key that tells nothing of the row: it is published where the row is not.
numbered as (

    select
        *,
        row_number() over (
            partition by input_table, reason_code order by raw_row, row_key
        ) as row_number_of_reason
    from input_rows

),

published as (

    select
        {{ dbt.hash(surrogate_key(
            ['input_table', 'reason_code', 'row_number_of_reason']
        )) }} as rejected_row_id,
        input_table,
        row_key,
        reason_code,
        raw_row
    from numbered

),

{{ shown('published') }}

select * from shown
