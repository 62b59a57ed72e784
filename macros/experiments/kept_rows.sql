{# A table of the room that is written once: what it holds, and what was published
   of experiments that it does not hold, for the work database may be a new one. #}
{% macro kept_rows(table, mart, columns, condition) %}
    {% set places = [] %}
    {% if execute %}
        {% set kept = load_relation(this.incorporate(path={'identifier': table})) %}
        {% if kept %}
            {% do places.append(kept ~ '') %}
        {% endif %}
        {% set published = adapter.dispatch('published_rows')(mart) %}
        {% if published %}
            {% do places.append(
                '(select * from ' ~ published ~ ' where ' ~ condition ~ ')'
            ) %}
        {% endif %}
    {% endif %}
    {{ return(_rows_kept(columns, places)) }}
{% endmacro %}


{% macro _rows_kept(columns, places) %}
    {% set parts = [] %}
    {% for place in places %}
        {% set names = columns.keys() | join(', ') %}
        {% set known = ' where experiment not in (select experiment from '
            ~ places[0] ~ ' as known)' if not loop.first else '' %}
        {% do parts.append(
            'select ' ~ names ~ ' from ' ~ place ~ ' as kept' ~ known
        ) %}
    {% endfor %}
    {% if not parts %}
        {% set nulls = [] %}
        {% for name, type in columns.items() %}
            {% do nulls.append('cast(null as ' ~ type ~ ') as ' ~ name) %}
        {% endfor %}
        {% do parts.append('select ' ~ nulls | join(', ') ~ ' where 1 = 0') %}
    {% endif %}
    {{ return('(' ~ parts | join(' union all ') ~ ')') }}
{% endmacro %}


{% macro default__published_rows(mart) %}
    {{ return(load_relation(api.Relation.create(
        database=this.database,
        schema=generate_schema_name('marts', model) | trim,
        identifier=mart
    ))) }}
{% endmacro %}


{% macro duckdb__published_rows(mart) %}
    {% set folder = run_query(
        "select parse_dirpath(path) from duckdb_databases()"
        ~ " where database_name = current_database()"
    ).rows[0][0] %}
    {% set file = folder ~ '/published/parquet/' ~ mart ~ '/' ~ mart
        ~ '.parquet' %}
    {% set found = run_query(
        "select count(*) from glob('" ~ dbt.escape_single_quotes(file) ~ "')"
    ).rows[0][0] if folder else 0 %}
    {{ return(
        "read_parquet('" ~ dbt.escape_single_quotes(file) ~ "')"
        if found else none
    ) }}
{% endmacro %}


{% macro kept_assignments() %}
    {{ return(kept_rows(
        'int_experiment_assignments', 'fct_experiment_assignments', {
            'experiment': 'string',
            'customer_id': 'string',
            'arm': 'string',
            'is_control': 'boolean',
            'stratum': 'string',
            'salt': 'string',
            'segment_id_at_assignment': 'string',
            'value_at_assignment': 'double',
            'is_given': 'boolean',
            'assigned_date': 'date'
        }, 'not is_given'
    )) }}
{% endmacro %}


{% macro kept_plans() %}
    {{ return(kept_rows(
        'int_experiments_frozen', 'dim_experiments', {
            'experiment': 'string',
            'salt': 'string',
            'plan_hash': 'string'
        }, 'plan_hash is not null'
    )) }}
{% endmacro %}
