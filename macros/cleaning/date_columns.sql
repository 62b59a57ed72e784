{# The input tables that have dates, and in which column. #}
{% macro date_columns() %}
    {{ return({
        'transactions': 'transaction_date',
        'customer_demographics': 'dob',
        'web_sessions': 'session_started_at'
    }) }}
{% endmacro %}
