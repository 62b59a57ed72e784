{% macro date_columns() %}
    {{ return({
        'transactions': 'transaction_date',
        'customer_demographics': 'dob',
        'web_sessions': 'session_started_at'
    }) }}
{% endmacro %}
