-- Every design is measured on the segment's own last weeks, before anybody is
-- written to; what is not testable says why.
with mapped as (

    select * from {{ ref('int_testability_mapped') }}

),

segments as (

    select * from {{ ref('int_testability_segments') }}

),

published as (

    select
        {{ surrogate_key([
            'mapped.segment_id', 'mapped.metric', 'mapped.control_share',
            'mapped.weeks'
        ]) }} as testability_id,
        cast(mapped.segmentation as string) as segmentation,
        cast(mapped.segment_id as string) as segment_id,
        cast(segments.segment_name as string) as segment_name,
        cast(mapped.metric as string) as metric,
        cast(mapped.test as string) as test,
        cast(mapped.verdict as string) as verdict,
        cast(mapped.why as string) as why,
        {% for column in [
            'weeks', 'best_weeks', 'customers', 'smallest_control_customers',
            'aa_dealings'
        ] -%}
        cast(mapped.{{ column }} as bigint) as {{ column }},
        {% endfor -%}
        {% for column in [
            'control_share', 'mean', 'standard_deviation',
            'variance_reduction_share', 'presence_share', 'mde_share',
            'power_at_expected', 'expected_lift_share',
            'aa_false_positive_share', 'aa_lower'
        ] -%}
        cast(round(mapped.{{ column }}, 6) as double) as {{ column }},
        {% endfor -%}
        mapped.is_offered
    from mapped
    inner join segments on mapped.segment_id = segments.segment_id

)

select * from published
