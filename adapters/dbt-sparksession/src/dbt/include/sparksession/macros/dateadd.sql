{#- dbt-spark adds seconds since 1970, which Sail reads as microseconds. -#}
{% macro sparksession__dateadd(datepart, interval, from_date_or_timestamp) %}
    timestampadd({{ datepart }}, cast({{ interval }} as int), {{ from_date_or_timestamp }})
{% endmacro %}
