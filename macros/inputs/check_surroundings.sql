{% macro check_surroundings() %}
    {% if execute %}
        {% set selected = graph.nodes.values()
            | selectattr('package_name', 'equalto', this_package())
            | selectattr('unique_id', 'in', selected_resources)
            | list %}
        {% if selected %}
            {% do _check_names() %}
            {% do _check_plugin() %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# dbt may take another project's model of the same name for one of these. #}
{% macro _check_names() %}
    {% set own = graph.nodes.values()
        | selectattr('package_name', 'equalto', this_package()) | list %}
    {% set names = own | map(attribute='name') | list %}
    {% for node in own %}
        {% for parent in node.depends_on.nodes
            if parent.split('.')[1] != this_package()
            and parent.split('.')[2] in names %}
            {{ exceptions.raise_compiler_error(
                "Both the project " ~ parent.split('.')[1] ~ " and its package "
                ~ this_package() ~ " have a " ~ parent.split('.')[2]
                ~ ", and " ~ node.name ~ " of the package would read the "
                ~ "project's. Set 'require_ref_searches_node_package_before_root: "
                ~ "true' under 'flags' in the project's dbt_project.yml, or "
                ~ "rename it there."
            ) }}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{% macro _check_plugin() %}
    {% if target.type == 'duckdb' %}
        {% set left_out = _nodes_to_publish()
            | rejectattr('unique_id', 'in', selected_resources) | list %}
        {% set is_published = flags.WHICH == 'build' and not left_out %}
        {% set plugins = (adapter.config.credentials.plugins or [])
            | map(attribute='alias') | list %}
        {% if 'warehouse' not in plugins
            and (is_published or var('input', '') | trim) %}
            {{ exceptions.raise_compiler_error(
                "The target " ~ target.name ~ " of the profile "
                ~ target.profile_name ~ " has no plugin named warehouse, which "
                ~ "reads files and publishes the marts. Add 'plugins: [{"
                ~ "module: trajectories.warehouse.plugin, alias: warehouse"
                ~ "}]' to it in profiles.yml (docs/package.md)."
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}
