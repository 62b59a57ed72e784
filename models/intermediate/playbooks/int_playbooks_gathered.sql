-- The lines that may advise this shop: its own first, then those in the words
-- of its kind, then those for any.
{% set columns = [
    'persona', 'recommended_action', 'action_to_avoid', 'channel', 'kpi',
    'owner'
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
        {{ dbt.concat([
            "'Test: '", 'offer',
            "coalesce(" ~ dbt.concat([
                "'; '", "nullif(other_offer, '')"
            ]) ~ ", '')", "'.'"
        ]) }} as offer,
        cast(offer as string) as treatment,
        nullif(other_offer, '') as other_treatment,
        nullif(trim(cast(measured_by as string)), '') as measured_by,
        case when shop_kind = 'any' then 3 else 2 end as precedence
    from given
    {% if own -%}
    union all
    select
        {{ dbt.concat(["'own:'", 'persona']) }} as playbook_id,
        {% for column in columns -%}
        cast({{ column }} as string) as {{ column }},
        {% endfor -%}
        cast(offer as string) as offer,
        'what its playbook offers' as treatment,
        cast(null as string) as other_treatment,
        nullif(trim(cast(measured_by as string)), '') as measured_by,
        1 as precedence
    from {{ own }}
    {%- endif %}

)

select * from unioned
