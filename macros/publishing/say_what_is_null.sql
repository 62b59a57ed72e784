{% macro say_what_is_null(results) %}
    {% for result in results if result.status | string == 'fail'
        and (result.node.test_metadata or {}).name == 'no_nulls' %}
        {% set nulls = run_query(result.node.compiled_code) %}
        {% for row in nulls.rows %}
            {% for name in nulls.column_names if row[name] %}
                {% do log(
                    result.node.name ~ ": " ~ name ~ " is null in "
                    ~ row[name] | int ~ " row(s).", info=true
                ) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
