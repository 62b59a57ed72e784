{% test no_nulls(model, columns) %}

with counted as (
    select
        {%- for column in columns %}
        count(*) - count({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
)

select *
from counted
where {{ columns | join(' + ') }} > 0

{% endtest %}
