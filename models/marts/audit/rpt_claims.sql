-- The headline numbers. Pages quote them from here only; one that could not be
-- measured says so, and never holds.
{% set balanced = average('case when is_balanced then 1 else 0 end') -%}
with reconciliations as (

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

    {% for claims in [
        ref('int_claims_of_structure'), ref('int_claims_of_stability'),
        ref('int_claims_of_forecasts'), ref('int_claims_of_separation'),
        ref('int_claims_of_widths'), ref('int_claims_of_values')
    ] -%}
    select * from {{ claims }}
    union all
    {% endfor -%}
    select * from balances

)

select * from published
