-- What a read-out rests on: where arms are not what the lot made of them, it is
-- withheld.
with checks as (

    select * from {{ ref('int_experiment_checks') }}

),

published as (

    select
        {{ surrogate_key(['experiment', 'check_name']) }}
            as experiment_check_id,
        cast(experiment as string) as experiment,
        cast(check_name as string) as check_name,
        cast(meaning as string) as meaning,
        {% for column in ['value', 'chance_value', 'p_value'] -%}
        cast(round({{ column }}, 9) as double) as {{ column }},
        {% endfor -%}
        is_passed,
        withholds as is_withholding
    from checks

)

select * from published
