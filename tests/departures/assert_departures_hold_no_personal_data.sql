-- What a campaign tool reads names customers by id: no column is one of those
-- that describe people.
{% set people = [
    ref('stg_retail__customer_demographics'),
    ref('stg_retail__customer_addresses'),
] -%}
{% set marts = [
    ref('fct_segment_departures'),
    ref('fct_departure_features'),
] -%}
{% set found = [] -%}
{% if execute -%}
    {% set personal = [] -%}
    {% for relation in people -%}
        {% for column in adapter.get_columns_in_relation(relation) -%}
            {% do personal.append(column.name) -%}
        {% endfor -%}
    {% endfor -%}
    {% for relation in marts -%}
        {% for column in adapter.get_columns_in_relation(relation) -%}
            {% if column.name in personal and column.name != 'customer_id' -%}
                {% do found.append(column.name) -%}
            {% endif -%}
        {% endfor -%}
    {% endfor -%}
{% endif -%}
select '{{ found | join(', ') }}' as personal_columns
where {{ found | length }} > 0
