{% macro agreement_verdict(low, high, threshold) -%}
    case
        when {{ low }} >= {{ threshold }} then 'stable'
        when {{ high }} < {{ threshold }} then 'moving'
        when {{ low }} is not null then 'unclear'
    end
{%- endmacro %}
