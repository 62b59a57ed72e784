-- What a campaign tool reads names customers by id: no column is one of the people's.
{% set columns = [] -%}
{% if execute -%}
    {% set personal = ['first_name', 'last_name'] -%}
    {% for relation in [
        ref('stg_retail__customer_demographics'),
        ref('stg_retail__customer_addresses'),
        ref('dim_customers')
    ] -%}
        {% for column in adapter.get_columns_in_relation(relation) -%}
            {% do personal.append(column.name) -%}
        {% endfor -%}
    {% endfor -%}
    {% for relation in [
        ref('fct_segment_departures'), ref('fct_departure_features')
    ] -%}
        {% for column in adapter.get_columns_in_relation(relation) -%}
            {% if column.name in personal and column.name != 'customer_id' -%}
                {% do columns.append(column.name) -%}
            {% endif -%}
        {% endfor -%}
    {% endfor -%}
{% endif -%}
select '{{ columns | join(', ') }}' as personal_columns
where {{ columns | length }} > 0
