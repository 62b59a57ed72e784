{% macro input_columns(table) %}
    {% set contract = {
        'transactions': {
            'required': [
                'transaction_id', 'customer_id', 'transaction_date', 'list_price'
            ],
            'optional': [
                'line_id', 'order_status', 'product_id', 'product_line',
                'product_category', 'brand', 'product_class', 'product_size',
                'quantity', 'discount_amount', 'standard_cost', 'online_order',
                'payment_method', 'is_return', 'promotion', 'refunded_amount',
                'currency'
            ],
            'words': []
        },
        'customer_demographics': {
            'required': ['customer_id'],
            'optional': [
                'first_name', 'last_name', 'gender', 'dob', 'job_title',
                'job_industry_category', 'wealth_segment',
                'deceased_indicator', 'owns_car', 'tenure'
            ],
            'words': ['first_name', 'last_name'],
            'other_names': {'job_industry': 'job_industry_category'}
        },
        'customer_addresses': {
            'required': ['customer_id'],
            'optional': [
                'address', 'postcode', 'state', 'country', 'property_valuation'
            ],
            'words': ['state', 'country']
        },
        'web_sessions': {
            'required': ['customer_id', 'session_started_at'],
            'optional': ['page_views', 'seconds'],
            'words': []
        },
        'experiments': {
            'required': [
                'experiment', 'primary_metric', 'start_date', 'planned_weeks'
            ],
            'optional': [
                'segmentation', 'segment_id', 'hypothesis', 'looks',
                'expected_lift_share', 'cost_per_contact', 'discount_share',
                'test'
            ],
            'words': ['experiment', 'hypothesis']
        },
        'experiment_arms': {
            'required': ['experiment', 'arm', 'share', 'is_control'],
            'optional': [],
            'words': ['experiment', 'arm']
        },
        'experiment_assignments': {
            'required': ['experiment', 'customer_id', 'arm'],
            'optional': ['assigned_date', 'salt'],
            'words': ['experiment', 'arm']
        },
        'campaign_contacts': {
            'required': ['customer_id', 'experiment', 'contacted_at'],
            'optional': ['arm', 'opened', 'clicked'],
            'words': ['experiment', 'arm']
        }
    } %}
    {{ return(contract[table]) }}
{% endmacro %}


{% macro number_columns() %}
    {{ return([
        'list_price', 'quantity', 'discount_amount', 'standard_cost',
        'refunded_amount'
    ]) }}
{% endmacro %}
