{% macro change_evidence() -%}
    {%- set after = {
        'timing': [
            "'Ordered every '", rounded_text('before'), "' days, silent for '",
            rounded_text('after')
        ],
        'rate': [
            "'Ordered on '", rounded_text('before', 1),
            "' days a month, now on '", rounded_text('after', 1)
        ],
        'spend': [
            "'Spent '", rounded_text('before', 2),
            "' on a day with orders, now '", rounded_text('after', 2)
        ],
        'mix': [
            "'Bought '", 'product_line', "' on '",
            rounded_text('100 * before'), "' % of days with orders, now on '",
            rounded_text('100 * after'), "' %'"
        ]
    } -%}
    {{ dbt.concat([
        'case channel ' ~ _cases(after) ~ ' end',
        "case when p_value < 0.000001
            then '; by chance less than once in ' else '; by chance once in '
        end",
        rounded_text('1 / greatest(p_value, 0.000001)'),
        "'.'"
    ]) }}
{%- endmacro %}


{% macro _cases(texts) -%}
    {%- for channel, parts in texts.items() %}
            when '{{ channel }}' then {{ dbt.concat(parts) }}
    {%- endfor %}
{%- endmacro %}
