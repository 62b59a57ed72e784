-- What customers did, and what was done to them, in one shape.
{% set events = {
    'order': {
        'from': ref('int_orders_accepted'),
        'where': 'not is_return',
        'date': 'order_date',
        'order_amount': 'amount',
        'revenue_amount': 'amount',
        'cost_amount': 'coalesce(cost_amount, 0)',
        'orders': '1',
        'orders_without_cost': 'case when cost_amount is null then 1 else 0 end'
    },
    'return': {
        'from': ref('int_orders_accepted'),
        'where': 'is_return',
        'date': 'order_date',
        'revenue_amount': 'amount'
    },
    'session': {
        'from': ref('int_web_sessions_checked'),
        'where': 'reason_code is null',
        'date': 'session_date',
        'sessions': '1'
    },
    'contact': {
        'from': ref('int_campaign_contacts_checked'),
        'where': 'is_test and reason_code is null',
        'date': 'contacted_date',
        'experiment': 'campaign',
        'contacts': '1',
        'opened': 'case when is_opened then 1 else 0 end',
        'clicked': 'case when is_clicked then 1 else 0 end'
    }
} -%}
{% set amounts = ['order_amount', 'revenue_amount', 'cost_amount'] -%}
{% set counts = [
    'orders', 'orders_without_cost', 'sessions', 'contacts', 'opened', 'clicked'
] -%}

with unioned as (

    {% for event, given in events.items() -%}
    select
        '{{ event }}' as event,
        cast({{ given.experiment or 'null' }} as string) as experiment,
        customer_id,
        {% for amount in amounts -%}
        {{ exact_amount(given[amount] or '0') }} as {{ amount }},
        {% endfor -%}
        {% for count in counts -%}
        {{ given[count] or '0' }} as {{ count }},
        {% endfor -%}
        cast({{ given.date }} as date) as event_date
    from {{ given.from }}
    where {{ given.where }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from unioned
