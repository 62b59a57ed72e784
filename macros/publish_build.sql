{# Publishes a build: called at the end of every run, acts only on a `dbt build`
   of the whole project in which every node has passed. Otherwise it says why
   not, and what was published before stays. #}
{% macro publish_build(results) %}
    {% if execute and flags.WHICH == 'build' and not flags.EMPTY %}
        {% set reason = _reason_not_to_publish(results) %}
        {% if reason %}
            {% do log(
                "Nothing was published: " ~ reason
                ~ " What was published before stays.", info=true
            ) %}
        {% else %}
            {% do adapter.dispatch('deliver_build')(results) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# One sentence when a build must not be published, else nothing. #}
{% macro _reason_not_to_publish(results) %}
    {% set ran = [] %}
    {% set failed = [] %}
    {% set missing = {'model': [], 'test': []} %}
    {% for result in results %}
        {% do ran.append(result.node.unique_id) %}
        {% if result.status | string in
            ['error', 'fail', 'runtime error', 'partial success', 'skipped'] %}
            {% do failed.append(result.node.name) %}
        {% endif %}
    {% endfor %}
    {% for node in _nodes_to_publish() if node.unique_id not in ran %}
        {% do missing['model'].append(node.name) %}
    {% endfor %}
    {% for node in graph.nodes.values()
        if node.resource_type == 'test' and node.unique_id not in ran %}
        {% do missing['test'].append(node.name) %}
    {% endfor %}
    {% if failed %}
        {{ return(
            failed | length ~ " of " ~ results | length
            ~ " nodes failed or were skipped (first: " ~ failed[0] ~ ")."
        ) }}
    {% elif missing['model'] or missing['test'] %}
        {{ return(
            "this was a build of a part of the project (left out: "
            ~ missing['model'] | length ~ " marts, "
            ~ missing['test'] | length ~ " tests); a whole one is 'dbt build'."
        ) }}
    {% elif flags.SAMPLE %}
        {{ return("this was a build of a sample of the rows (--sample).") }}
    {% endif %}
    {{ return('') }}
{% endmacro %}


{# The models that others may rely on. #}
{% macro _nodes_to_publish() %}
    {{ return(
        graph.nodes.values()
        | selectattr('resource_type', 'equalto', 'model')
        | selectattr('package_name', 'equalto', project_name)
        | selectattr('access', 'equalto', 'public')
        | sort(attribute='name')
        | list
    ) }}
{% endmacro %}


{# Engines that publish in another way, or not yet, have nothing to hand over. #}
{% macro default__deliver_build(results) %}
    {% do log(
        "Nothing was published: the target " ~ target.name ~ " (" ~ target.type
        ~ ") holds the marts itself.", info=true
    ) %}
{% endmacro %}


{# DuckDB: the warehouse plugin writes the marts into the published folder. #}
{% macro duckdb__deliver_build(results) %}
    {% set marts = [] %}
    {% set seeds = {} %}
    {% set nodes = [] %}
    {% for node in _nodes_to_publish() %}
        {% do marts.append({
            'schema': node.schema,
            'name': node.alias,
            'key': (node.columns.keys() | list)[:1]
        }) %}
    {% endfor %}
    {% for node in graph.nodes.values() if node.resource_type == 'seed' %}
        {% do seeds.update({node.name: node.checksum.checksum}) %}
    {% endfor %}
    {% for result in results %}
        {% do nodes.append({
            'name': result.node.name,
            'resource_type': result.node.resource_type | string,
            'language': result.node.language | default('', true) | string,
            'folder': result.node.fqn[1],
            'seconds': result.execution_time
        }) %}
    {% endfor %}
    {% do adapter.store_relation(
        'warehouse',
        api.Relation.create(schema=target.schema, identifier='published'),
        [],
        '',
        'parquet',
        {
            'build_id': run_started_at.strftime('%Y%m%dT%H%M%S')
                ~ '-' ~ invocation_id[:8],
            'created_at': run_started_at.isoformat(),
            'dbt_version': dbt_version,
            'input': var('input', '') or 'sample shop',
            'seeds': seeds,
            'marts': marts,
            'nodes': nodes,
            'smallest_cell': var('smallest_cell')
        }
    ) %}
{% endmacro %}
