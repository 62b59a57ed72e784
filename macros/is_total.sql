{# Whether an id is none but the word beside a sum: Total, Subtotal A, Summe. #}
{% macro is_total(id) -%}
    {{ matches_pattern(
        'lower(' ~ id ~ ')',
        '^((grand|sub)[ -]?)?(total|totals|totale|totaal|sum|summe|gesamt'
        ~ '|gesamtsumme|zwischensumme|somme|suma|razem|toplam|итого|всего'
        ~ '|合計|合计)([ :].*)?$'
    ) }}
{%- endmacro %}
