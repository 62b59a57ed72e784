{% macro personal_columns(node) %}
    {% set names = [] %}
    {% if var('publish_personal_data', false) | string | lower != 'true' %}
        {% for name, column in node.columns.items()
            if (column.config or {}).get('meta', {}).get('is_personal') %}
            {% do names.append(name) %}
        {% endfor %}
    {% endif %}
    {{ return(names) }}
{% endmacro %}
