{% macro default__deliver_build(results) %}
    {% do log(
        "Nothing was published: the target " ~ target.name ~ " (" ~ target.type
        ~ ") holds the marts itself.", info=true
    ) %}
{% endmacro %}


{# The input's name is read from its model, for a variable that holds a ref cannot
   be rendered here; with relations the graph has no seeds of the sample. #}
{% macro duckdb__deliver_build(results) %}
    {% set input = run_query(
        "select input from " ~ graph.nodes[
            'model.' ~ this_package() ~ '.int_inputs_named'
        ].relation_name
    ).rows[0][0] %}
    {% set marts = [] %}
    {% set seeds = {} %}
    {% set nodes = [] %}
    {% for node in _nodes_to_publish() %}
        {% do marts.append({
            'schema': 'audit' if 'audit' in node.fqn else 'marts',
            'name': node.name,
            'relation': node.relation_name,
            'key': (node.columns.keys() | list)[:1],
            'partitioned_by': node.config.meta.get('parted_by', ''),
            'is_csv': node.config.meta.get('is_csv', false),
            'left_out': personal_columns(node),
            'readers': _readers(node),
            'description': node.description,
            'columns': _column_descriptions(node)
        }) %}
    {% endfor %}
    {% for node in graph.nodes.values() if node.resource_type == 'seed'
        and node.package_name == this_package() and node.name.startswith('raw_') %}
        {% do seeds.update({node.name: node.checksum.checksum}) %}
    {% endfor %}
    {% for result in results if result.node.package_name == this_package() %}
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
            'build_id': _build_id(),
            'created_at': run_started_at.isoformat(),
            'dbt_version': dbt_version,
            'input': input,
            'seeds': seeds if input == 'sample shop' else {},
            'marts': marts,
            'nodes': nodes,
            'publications': publications(),
            'smallest_cell': var('smallest_cell'),
            'customer_ids_on_pages': var('customer_ids_on_pages'),
            'postgres_schema': var('postgres_schema', ''),
            'postgres_reader': var('postgres_reader', '')
        }
    ) %}
{% endmacro %}


{% macro _readers(node) %}
    {% set roles = (node.config.grants or {}).get('select', []) %}
    {{ return([roles] if roles is string else roles | list) }}
{% endmacro %}


{% macro _column_descriptions(node) %}
    {% set descriptions = {} %}
    {% for name, column in node.columns.items() %}
        {% do descriptions.update({name: column.description}) %}
    {% endfor %}
    {{ return(descriptions) }}
{% endmacro %}


{% macro _build_id() %}
    {{ return(
        run_started_at.strftime('%Y%m%dT%H%M%S') ~ '-' ~ invocation_id[:8]
    ) }}
{% endmacro %}
