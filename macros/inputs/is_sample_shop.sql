{% macro is_sample_shop() %}
    {% set given = [var('input', '') | trim] %}
    {% for table in [
        'transactions', 'customer_demographics', 'customer_addresses',
        'web_sessions'
    ] %}
        {% do given.append(var(table ~ '_relation', '') | trim) %}
    {% endfor %}
    {{ return(given | select | list | length == 0) }}
{% endmacro %}
