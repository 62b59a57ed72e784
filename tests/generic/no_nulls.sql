{# Fails when any of several columns is null somewhere: one row with the number of
   nulls in each, from one scan. A mart's columns are held by its contract. #}
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
