{% macro persona_evidence(has_days) -%}
    {%- set left_out = dbt.concat([
        "'One customer outweighs all others together, with '",
        rounded_text('floor(100 * left_out_share)'),
        "' % of the revenue of 12 months; the numbers are without her. '"
    ]) -%}
    {%- set year = [
        "case when left_out_share is null then '' else " ~ left_out ~ " end",
        "'Last 12 months: revenue '",
        rounded_text('revenue_12_months_amount'), "' per customer (all: '",
        rounded_text('population_revenue_12_months_amount'), "'), '",
        rounded_text('orders_12_months', 1), "' orders ('",
        rounded_text('population_orders_12_months', 1),
        "'). Last order '", rounded_text('recency_days'), "' days ago ('",
        rounded_text('population_recency_days'), "'). Customer for '",
        rounded_text('length_days'), "' days ('",
        rounded_text('population_length_days'), "').'"
    ] -%}
    {%- set days = [
        "' In the last '", "cast(recent_days as string)",
        "' days: orders in '",
        rounded_text('active_weeks', 1),
        "' weeks, shares of spend in the first and last third '",
        rounded_text('first_third_share', 2), "' and '",
        rounded_text('last_third_share', 2), "', in the busiest fortnight '",
        rounded_text('fortnight_share', 2), "', on promotion '",
        rounded_text('promotion_share', 2), "', on weekdays '",
        rounded_text('weekday_share', 2), "'.'"
    ] -%}
    {{ dbt.concat(year + (days if has_days else [])) }}
{%- endmacro %}
