-- The headline numbers. Pages quote them from here only; one that could not be
-- measured says so, and never holds.
{% set balanced = average('case when is_balanced then 1 else 0 end') -%}
with structures as (

    select * from {{ ref('int_claims_of_structure') }}

),

stabilities as (

    select * from {{ ref('int_claims_of_stability') }}

),

forecasts as (

    select * from {{ ref('int_claims_of_forecasts') }}

),

separations as (

    select * from {{ ref('int_claims_of_separation') }}

),

widths as (

    select * from {{ ref('int_claims_of_widths') }}

),

reconciliations as (

    select * from {{ ref('rpt_input_reconciliations') }}

),

balances as (

    select
        {{ claim_row(
            "'rows-accounted-for'",
            "'Every row read is accepted, rejected with a reason or merged:"
            ~ " share of input tables in balance.'",
            'Some rows were lost or counted twice: no sum can be trusted.',
            'null', balanced, balanced, balanced, '1', 'null',
            'select * from marts.rpt_input_reconciliations', least=1
        ) }}
    from reconciliations

),

published as (

    select * from structures
    union all
    select * from stabilities
    union all
    select * from forecasts
    union all
    select * from separations
    union all
    select * from widths
    union all
    select * from balances

)

select * from published
