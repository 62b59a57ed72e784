{% macro publish_build(results) %}
    {% if execute and flags.WHICH == 'build' and not flags.EMPTY %}
        {% set reason = _reason_not_to_publish(results) %}
        {% if reason %}
            {% do _say_what_was_rejected(results) %}
            {% do _say_what_is_damaged(results) %}
            {% do log(
                "Nothing was published: " ~ reason
                ~ " What was published before stays.", info=true
            ) %}
        {% else %}
            {% do adapter.dispatch('deliver_build')(results) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro _say_what_was_rejected(results) %}
    {% set about_rows = [
        'assert_there_are_orders', 'assert_rejected_rows_are_few'
    ] %}
    {% set failed = results
        | selectattr('status', 'equalto', 'fail')
        | map(attribute='node.name')
        | select('in', about_rows)
        | list %}
    {% if failed %}
        {% set nodes = 'model.' ~ this_package() ~ '.' %}
        {% set rejected = run_query(
            "select input_table, reason_code, count(*) from "
            ~ graph.nodes[nodes ~ 'fct_rejected_rows'].relation_name
            ~ " group by 1, 2 order by 1, 3 desc, 2"
        ) %}
        {% set read = run_query(
            "select input_table, read_rows, accepted_rows from "
            ~ graph.nodes[nodes ~ 'rpt_input_reconciliations'].relation_name
            ~ " where accepted_rows < read_rows order by 1"
        ) %}
        {% for input in read.rows %}
            {% set reasons = [] %}
            {% for row in rejected.rows if row[0] == input[0] %}
                {% do reasons.append(row[2] ~ ' ' ~ row[1]) %}
            {% endfor %}
            {% do log(
                "Of " ~ input[1] ~ " rows of " ~ input[0] ~ " "
                ~ input[2] ~ " were accepted; not used: " ~ reasons | join(', ')
                ~ ".", info=true
            ) %}
        {% endfor %}
        {% do log(
            "The rows lie in fct_rejected_rows of the work database, as they "
            ~ "were read. Correct the file, or the mapping by which it is read "
            ~ "(inputs/template.yml), and build again.", info=true
        ) %}
    {% endif %}
{% endmacro %}


{% macro _say_what_is_damaged(results) %}
    {% for result in results
        if 'Corrupt database file' in (result.message or '') | string %}
        {% if loop.first %}
            {% do log(
                "The work database is damaged. Put back a copy of it, or move "
                ~ "it away and build anew: segments then get new ids, and what "
                ~ "the snapshots know is lost (docs/publishing.md).", info=true
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro _reason_not_to_publish(results) %}
    {% set ran = [] %}
    {% set failed = _failed_nodes(results) %}
    {% set missing = {'model': [], 'test': []} %}
    {% for result in results %}
        {% do ran.append(result.node.unique_id) %}
    {% endfor %}
    {% for node in _nodes_to_publish() if node.unique_id not in ran %}
        {% do missing['model'].append(node.name) %}
    {% endfor %}
    {% for node in graph.nodes.values()
        if node.resource_type == 'test' and node.package_name == this_package()
        and node.unique_id not in ran %}
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


{% macro _failed_nodes(results) %}
    {% set failed = [] %}
    {% for result in results if result.status | string in
        ['error', 'fail', 'runtime error', 'partial success', 'skipped'] %}
        {% do failed.append(result.node.name) %}
    {% endfor %}
    {{ return(failed) }}
{% endmacro %}


{% macro _nodes_to_publish() %}
    {{ return(
        graph.nodes.values()
        | selectattr('resource_type', 'equalto', 'model')
        | selectattr('package_name', 'equalto', this_package())
        | selectattr('access', 'equalto', 'public')
        | sort(attribute='name')
        | list
    ) }}
{% endmacro %}
