-- Without the values that were found: they may be of a person. The build prints
-- them, and they stay in int_input_findings.
with findings as (

    select * from {{ ref('int_input_findings') }}

),

published as (

    select
        {{ dbt.hash(surrogate_key(
            ['input_table', 'finding_code', 'column_name']
        )) }} as input_finding_id,
        input_table,
        finding_code,
        column_name,
        severity,
        cast(sum(found_rows) as bigint) as found_rows,
        max(of_rows) as of_rows
    from findings
    group by input_table, finding_code, column_name, severity

)

select * from published
