-- A warning where a claim on the bands fails: the share of what came that they
-- held, with its interval, lies outside what they promise.
{{ config(severity='warn') }}

with claims as (

    select * from {{ ref('rpt_claims') }}

),

failures as (

    select * from claims
    where claim_id like 'coverage%' and verdict = 'fails'

)

select * from failures
