{% macro row_fingerprint(columns) -%}
    cast({{ adapter.dispatch('row_hash')(columns) }} as decimal(38, 0))
{%- endmacro %}


{% macro default__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}


{% macro duckdb__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
