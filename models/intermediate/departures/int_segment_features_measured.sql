with member_paths as (

    select * from {{ ref('int_member_paths_measured') }}

),

member_days as (

    select * from {{ ref('int_member_days_measured') }}

),

unioned as (

    select * from member_paths
    union all
    select * from member_days

),

averaged as (

    select
        {{ surrogate_key(['segment_id', 'feature']) }} as segment_feature_id,
        segment_id,
        feature,
        {{ average(exact_amount('value', 6)) }} as mean_value
    from unioned
    group by 2, 3

)

select * from averaged
