-- What is wrong with a plan, its assignments or its contacts, in a sentence:
-- none of it is dropped in silence.
with findings as (

    select * from {{ ref('int_experiment_findings') }}

),

sentences as (

    select * from {{ ref('experiment_findings') }}

),

published as (

    select
        {{ surrogate_key(['findings.experiment', 'findings.finding_code']) }}
            as experiment_finding_id,
        findings.experiment,
        findings.finding_code,
        sentences.severity,
        {{ finding_sentence('findings.experiment', 'findings.found') }}
            as sentence,
        findings.found_rows
    from findings
    inner join sentences
        on findings.finding_code = sentences.finding_code

)

select * from published
