-- How much of each segment trial refits keep, month by month.
with models as (

    select * from {{ ref('int_models_in_force') }}

),

checks as (

    {{ unnest_arrays(
        'models',
        ['segmentation', 'segment_numbers', 'checked_months', 'k'],
        ['checked_jaccard', 'checked_jaccard_low', 'checked_jaccard_high']
    ) }}

),

-- The lists lie month by month, cluster by cluster.
named as (

    select
        segmentation,
        {{ dbt.concat(['segmentation', "'-'", 'cast(' ~ array_element(
            'segment_numbers', 'mod(cast(position - 1 as bigint), k) + 1'
        ) ~ ' as string)']) }} as segment_id,
        {% for end in ['', '_low', '_high'] -%}
        cast(checked_jaccard{{ end }} as double) as jaccard_refit{{ end }},
        {% endfor -%}
        {{ array_element(
            'checked_months', 'cast(floor((position - 1) / k) as bigint) + 1'
        ) }} as month
    from checks

)

select * from named
