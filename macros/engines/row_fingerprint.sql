{# A number that tells a row's values from others, so that sums of it tell sets of
   rows apart in whatever order they come. Only to be compared on one engine. #}
{% macro row_fingerprint(columns) -%}
    cast({{ adapter.dispatch('row_hash')(columns) }} as decimal(38, 0))
{%- endmacro %}


{% macro default__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}


{% macro duckdb__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
