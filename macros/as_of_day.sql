{# The day as of which everything is computed: the variable as_of_date, or the end of
   the last month that the orders complete, when the last one is on or after the
   28th. #}
{% macro as_of_day(last_order_date) -%}
{%- if checked_var('as_of_date') -%}
cast('{{ checked_var("as_of_date") }}' as date)
{%- else -%}
case
            when
                extract(day from {{ last_order_date }})
                >= {{ var('complete_month_day') }}
                then {{ dbt.last_day(last_order_date, 'month') }}
            else cast({{ dbt.dateadd(
                'day', -1, dbt.date_trunc('month', last_order_date)
            ) }} as date)
        end
{%- endif -%}
{%- endmacro %}


{# The first day of the last month that has ended by a day. #}
{% macro last_ended_month(day) -%}
cast({{ dbt.dateadd(
            'month', -1, dbt.date_trunc('month', dbt.dateadd('day', 1, day))
        ) }} as date)
{%- endmacro %}
