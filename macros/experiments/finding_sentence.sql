{% macro finding_sentence(experiment, found) -%}
    {{ dbt.replace(
        dbt.replace('sentences.sentence', "'{experiment}'", experiment),
        "'{found}'", "coalesce(" ~ found ~ ", 'none')"
    ) }}
{%- endmacro %}
