-- The lines that may advise this shop: its own first, then those in the words
-- of its kind, then those for any.
{% set columns = [
    'persona', 'measured_by', 'recommended_action', 'action_to_avoid', 'offer',
    'channel', 'kpi', 'owner'
] -%}
{% set own = own_relation('playbooks') -%}

with given as (

    select * from {{ ref('playbooks') }}
    where shop_kind in ('any', '{{ shop_kind() }}')

),

unioned as (

    select
        playbook_id,
        {% for column in columns -%}
        cast({{ column }} as string) as {{ column }},
        {% endfor -%}
        case when shop_kind = 'any' then 3 else 2 end as precedence
    from given
    {% if own -%}
    union all
    select
        {{ dbt.concat(["'own:'", 'persona']) }} as playbook_id,
        {% for column in columns -%}
        cast({{ column }} as string) as {{ column }},
        {% endfor -%}
        1 as precedence
    from {{ own }}
    {%- endif %}

),

gathered as (

    select
        playbook_id,
        persona,
        nullif(trim(measured_by), '') as measured_by,
        recommended_action,
        action_to_avoid,
        offer,
        channel,
        kpi,
        owner,
        precedence
    from unioned

)

select * from gathered
