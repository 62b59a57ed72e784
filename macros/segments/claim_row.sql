{% macro claim_row(
    claim_id, claim, meaning, segmentation, value, lower, upper, threshold,
    chance, query, least=none, most=none, shown=none,
    verdict=none
) -%}
{{ claim_id }} as claim_id,
        {{ claim }} as claim,
        '{{ meaning }}' as meaning,
        cast({{ segmentation }} as string) as segmentation,
        {{ verdict or claim_verdict(lower, upper, least, most) }} as verdict,
        '{{ query }}' as reproduce_with,
        cast(round({{ value }}, 6) as double) as measured_value,
        cast(round({{ shown[0] if shown else lower }}, 6) as double) as lower,
        cast(round({{ shown[1] if shown else upper }}, 6) as double) as upper,
        cast(round({{ threshold }}, 6) as double) as threshold,
        cast(round({{ chance }}, 6) as double) as chance_value
{%- endmacro %}


{% macro claim_verdict(lower, upper, least=none, most=none) -%}
    case
        {% if least is not none -%}
        when {{ upper }} < {{ least }} then 'fails'
        {% endif -%}
        {% if most is not none -%}
        when {{ lower }} > {{ most }} then 'fails'
        {% endif -%}
        when
            {{ lower }} <= {{ upper }}
            {% if least is not none -%}
            and {{ lower }} >= {{ least }}
            {% endif -%}
            {% if most is not none -%}
            and {{ upper }} <= {{ most }}
            {% endif -%}
            then 'holds'
        else 'cannot be told'
    end
{%- endmacro %}
