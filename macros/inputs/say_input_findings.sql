{% macro say_input_findings(results) %}
    {% set said = namespace(relation=none) %}
    {% for result in results
        if result.node.name == 'int_input_findings'
        and result.status | string == 'success' %}
        {% set said.relation = result.node.relation_name %}
    {% endfor %}
    {% if said.relation %}
        {% set found = run_query(
            "select severity, sentence from " ~ said.relation
            ~ " order by severity desc, input_table, finding_code, found_rows desc"
        ) %}
        {% for row in found.rows %}
            {% do log(row[0] | capitalize ~ ": " ~ row[1], info=true) %}
        {% endfor %}
    {% endif %}
{% endmacro %}
