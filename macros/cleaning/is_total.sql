{% macro is_total(id) -%}
case
    when {{ id }} >= '0' and {{ id }} < ':' then false
    else {{ matches_pattern(
        'lower(' ~ id ~ ')',
        '^((grand|sub)[ -]?)?(total|totals|totale|totaal|sum|summe|gesamt'
        ~ '|gesamtsumme|zwischensumme|somme|suma|razem|toplam|итого|всего'
        ~ '|合計|合计)([ :].*)?$'
    ) }}
end
{%- endmacro %}
