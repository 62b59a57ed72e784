-- How far the groups of the chosen trials stand apart, and how alike members
-- are.
{% set query =
    'select * from marts.fct_segmentation_trials where is_chosen' -%}
{% set least_silhouette = 0.4 -%}
{% set largest_ratio = 0.3 -%}
with trials as (

    select * from {{ ref('int_trials_current') }}
    where is_chosen

),

claimed as (

    select
        {{ claim_row(
            dbt.concat(["'silhouette-'", 'segmentation']),
            "'The groups stand well apart: silhouette of " ~ least_silhouette
            ~ " or more.'",
            'Groups run into each other at their edges: many customers lie nearly'
            ~ ' as close to another group as to their own.',
            'segmentation', 'silhouette', 'silhouette_low', 'silhouette_high',
            least_silhouette, 'null_silhouette', query, least=least_silhouette
        ) }}
    from trials
    union all
    select
        {{ claim_row(
            dbt.concat(["'ratio-'", 'segmentation']),
            "'Members are alike: mean distance of two customers of one group over"
            ~ ' that of two of different groups, ' ~ largest_ratio
            ~ " or less.'",
            'Customers of one group differ much among themselves: a mean of the'
            ~ ' group is true of few of them.',
            'segmentation', 'within_between_ratio', 'within_between_low',
            'within_between_high', largest_ratio, '1', query, most=largest_ratio
        ) }}
    from trials

)

select * from claimed
