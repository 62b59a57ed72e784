{# Names the columns for which a test no_nulls has failed: its name names the
   model, and dbt prints only how many there are. #}
{% macro say_empty_columns(results) %}
    {% for result in results if result.status | string == 'fail'
        and (result.node.test_metadata or {}).name == 'no_nulls' %}
        {% for column in run_query(result.node.compiled_code).rows %}
            {% do log(
                result.node.name ~ ": " ~ column[0] ~ " is null in "
                ~ column[1] ~ " rows.", info=true
            ) %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
