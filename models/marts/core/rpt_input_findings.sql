with findings as (

    select * from {{ ref('int_input_findings') }}

),

published as (

    select
        {{ dbt.hash(surrogate_key(
            ['input_table', 'finding_code', 'column_name', 'value']
        )) }} as input_finding_id,
        input_table,
        finding_code,
        column_name,
        value,
        severity,
        sentence,
        found_rows,
        of_rows
    from findings

)

select * from published
