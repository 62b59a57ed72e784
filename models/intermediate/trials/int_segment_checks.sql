-- How much of each segment trial refits keep, month by month.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

clusters as (

    select * from {{ ref('int_trial_clusters') }}
    where segment_id is not null

),

checks as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'cluster_check'

),

named as (

    select
        models.segmentation,
        clusters.segment_id,
        {% for end in ['', '_low', '_high'] -%}
        checks.jaccard{{ end }} as jaccard_refit{{ end }},
        {% endfor -%}
        checks.month
    from checks
    inner join models
        on checks.model_version = models.model_version
    inner join clusters
        on
            checks.model_version = clusters.model_version
            and checks.cluster_number = clusters.cluster_number

)

select * from named
