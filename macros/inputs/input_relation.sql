{% macro input_relation(table) %}
    {% set relation = own_relation(table) %}
    {% if relation %}
        {{ return(relation) }}
    {% endif %}
    {% if table in experiment_inputs() and not var('input', '') | trim %}
        {{ return(ref('raw_' ~ table) if is_sample_plan() else none) }}
    {% endif %}
    {# Of the others only what tells: reading a ref makes a dependency. #}
    {% set others = ['transactions'] if table != 'transactions' else [
        'customer_demographics', 'customer_addresses', 'web_sessions'
    ] %}
    {% set overridden = [] %}
    {% for other in others if var(other ~ '_relation', '') %}
        {% do overridden.append(other ~ '_relation') %}
    {% endfor %}
    {% if var('input', '') | trim %}
        {% if execute and target.type != 'duckdb' %}
            {{ exceptions.raise_compiler_error(
                "The variable input is " ~ var('input') ~ ", but the target "
                ~ target.name ~ " reads no files. Name tables by relation "
                ~ "variables (transactions_relation: shop.orders), or build "
                ~ "with the target duckdb."
            ) }}
        {% endif %}
        {{ return(source('files', table)) }}
    {% elif not overridden %}
        {{ return(ref('raw_' ~ table)) }}
    {% elif table == 'transactions' %}
        {{ exceptions.raise_compiler_error(
            "The variable transactions_relation is empty although "
            ~ overridden | join(', ') ~ " is set: set transactions_relation "
            ~ "to the table that holds the orders."
        ) }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}


{% macro own_relation(table) %}
    {% set relation = checked_var(table ~ '_relation') | trim %}
    {% set outside_quotes = modules.re.sub(
        "'[^']*'|\"[^\"]*\"", '', relation
    ) %}
    {% if ';' in outside_quotes or '--' in outside_quotes %}
        {{ exceptions.raise_compiler_error(
            "The variable " ~ table ~ "_relation is " ~ relation ~ ", which is "
            ~ "more than one relation. Write one table, view or query in "
            ~ "brackets, without a semicolon or comment."
        ) }}
    {% endif %}
    {{ return(relation) }}
{% endmacro %}


{% macro experiment_inputs() %}
    {{ return([
        'experiments', 'experiment_arms', 'experiment_assignments',
        'campaign_contacts'
    ]) }}
{% endmacro %}


{# A plan of one's own on the sample's orders goes without the sample's plan. #}
{% macro is_sample_plan() %}
    {% set given = [] %}
    {% for table in experiment_inputs() if var(table ~ '_relation', '') %}
        {% do given.append(table) %}
    {% endfor %}
    {{ return(not given and is_sample_shop()) }}
{% endmacro %}


{% macro is_sample_shop() %}
    {% set given = [] %}
    {% for table in ['transactions', 'customer_demographics',
        'customer_addresses', 'web_sessions']
        if var(table ~ '_relation', '') %}
        {% do given.append(table) %}
    {% endfor %}
    {{ return(not given and not var('input', '') | trim) }}
{% endmacro %}


{% macro shop_kind() %}
    {% set kind = checked_var('shop_kind') %}
    {% if kind == 'auto' %}
        {{ return('bicycles' if is_sample_shop() else 'any') }}
    {% endif %}
    {{ return(kind) }}
{% endmacro %}
