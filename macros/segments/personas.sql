{% macro personas() %}
    {% set months = 'lifecycle value behaviour' %}
    {% set found = [] %}
    {% for rules, name, musts, must_nots, money in [
        ('lifecycle', 'Loyal Champions',
            'frequent high_spend recent', 'silent newcomer', 'above'),
        ('lifecycle', 'At-Risk Sleepers', 'all_year silent', 'newcomer', none),
        ('lifecycle', 'New Potentials', 'newcomer', 'silent', none),
        ('lifecycle', 'Steady Supporters',
            'all_year recent', 'silent newcomer', none),
        ('lifecycle', 'Occasional Buyers',
            'occasional', 'newcomer one_time', none),
        ('rhythm', 'Loyal Subscribers',
            'regular even', 'shared_bursts own_bursts growing', none),
        ('rhythm', 'Payday Shoppers',
            'monthly', 'weekdays fading one_wave', none),
        ('rhythm', 'B2B Customers', 'weekdays large_baskets', '', none),
        ('rhythm', 'Sale Hunters',
            'sale_days', 'feast monthly weekdays weekends', none),
        ('rhythm', 'Weekend Shoppers', 'weekends', 'one_wave', none),
        ('rhythm', 'New Customer Ramp', 'newcomer growing', '', none),
        ('rhythm', 'Growing Customers', 'growing', 'feast own_bursts', none),
        ('rhythm', 'Churn Risk', 'fading', '', none),
        ('rhythm', 'Gift Shoppers', 'feast', '', none),
        ('rhythm', 'Seasonal Shoppers',
            'one_wave same_weeks', 'feast fading', none),
        ('rhythm', 'One-Wave Shoppers',
            'one_wave', 'feast fading growing', none),
        ('rhythm', 'Two-Wave Shoppers',
            'two_waves', 'feast fading growing weekdays', none),
        ('rhythm', 'Impulse Buyers', 'own_bursts', '', none),
        ('rhythm', 'Everyday Shoppers',
            'even', 'growing fading own_bursts', none),
        ('value', 'Best Customers',
            'frequent high_spend recent', '', 'above'),
        ('value', 'Big Spenders', 'high_spend large_baskets', '', 'above'),
        ('value', 'Loyal Regulars', 'frequent recent', '', none),
        ('value', 'Cooling Down', 'away', 'one_time', none),
        ('value', 'Low Value', 'low_spend', '', 'below'),
        ('behaviour', 'Premium Baskets', 'large_baskets', '', 'above'),
        ('behaviour', 'Frequent Returners', 'gives_back', '', none),
        ('behaviour', 'Discount Seekers', 'discounts', '', none),
        ('behaviour', 'Browsers', 'many_sessions visits_per_order', '', none),
        ('behaviour', 'Core Customers', 'frequent all_year', '', none),
        (months, 'High-Value Loyalists',
            'high_spend all_year longstanding', 'silent', 'above'),
        (months, 'Frequent Buyers', 'frequent', 'silent', none),
        (months, 'Occasional Shoppers', 'occasional', '', none),
        (months, 'One-Order Customers', 'one_time', '', none),
        ('any', 'At-Risk Customers', 'all_year silent', '', none),
        ('any', 'Deal-Seekers', 'promotions discounts', '', none),
        (months, 'Window-Shoppers', 'many_sessions occasional', '', none),
        (months, 'Returning Customers', 'all_year', 'silent', none),
        (months, 'Long-Standing Customers', 'longstanding', '', none),
        (months, 'Large-Order Customers', 'large_baskets occasional', '', none),
        ('any', 'Newcomers', 'newcomer', '', none),
    ] %}
        {% do found.append({
            'rules': rules.split(), 'name': name, 'musts': musts.split(),
            'must_nots': must_nots.split(), 'money': money
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro persona_rules() %}
    {{ return(personas() | map(attribute='rules') | sum(start=[]) | unique
        | reject('equalto', 'any') | list) }}
{% endmacro %}


{% macro has_persona(persona) -%}
    {{ persona.musts | join(' and ') }}
    {%- for trait in persona.must_nots %} and not {{ trait }}{% endfor %}
{%- endmacro %}


{% macro may_be_named(persona) -%}
    {%- set asked = persona_rules() if persona.rules == ['any']
        else persona.rules -%}
    ({% for rules in asked %}{{ is_named_by(rules) }}
        {{- ' or ' if not loop.last }}{% endfor %})
{%- endmacro %}


{% macro persona_words(persona) -%}
    {%- set words = {} -%}
    {%- for trait in customer_traits() -%}
        {%- do words.update({trait.name: trait.words}) -%}
    {%- endfor -%}
    {%- set said = [] -%}
    {%- for trait in persona.musts -%}
        {%- do said.append(words[trait]) -%}
    {%- endfor -%}
    {{ said | join(', and ') }}
{%- endmacro %}


{% macro said_of(column, dictionary) -%}
    case {{ column }}
        {%- for key, words in dictionary.items() %}
        when '{{ key }}' then '{{ words }}'
        {%- endfor %}
    end
{%- endmacro %}


{% macro words_of_personas() %}
    {% set found = {} %}
    {% for persona in personas() %}
        {% do found.update({persona.name: persona_words(persona)}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro traits_of_personas() %}
    {% set found = {} %}
    {% for persona in personas() %}
        {% do found.update({persona.name: persona.musts | join(', ')}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro of_traits(what) %}
    {% set found = {} %}
    {% for trait in customer_traits() %}
        {% do found.update({trait.name: trait[what]}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
