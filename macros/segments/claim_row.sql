{% macro claim_row(
    claim_id, claim, segmentation, value, lower, upper, threshold, condition,
    query
) -%}
{{ claim_id }} as claim_id,
        {{ claim }} as claim,
        cast({{ segmentation }} as string) as segmentation,
        case
            when ({{ condition }}) is null then 'not measured'
            when {{ condition }} then 'holds'
            else 'fails'
        end as verdict,
        '{{ query }}' as reproduce_with,
        cast(round({{ value }}, 6) as double) as measured_value,
        cast(round({{ lower }}, 6) as double) as lower,
        cast(round({{ upper }}, 6) as double) as upper,
        cast(round({{ threshold }}, 6) as double) as threshold
{%- endmacro %}
