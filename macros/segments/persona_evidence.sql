{% macro persona_evidence() -%}
    {{ dbt.concat([
        "case when left_out_share is null then '' else "
        ~ dbt.concat([
            "'One customer outweighs all others together, with '",
            rounded_text('floor(100 * left_out_share)'),
            "' % of the revenue of 12 months; the numbers are without her. '"
        ]) ~ " end",
        "coalesce(" ~ dbt.concat([
            "'They '", 'claimed_words', "': '",
            rounded_text('100 * claimed_share'), "' % of them (at least '",
            rounded_text('floor(100 * claimed_low_share)'), "' %), and '",
            rounded_text('100 * coalesce(others_share, 0)'),
            "' % of the others. '"
        ]) ~ ", 'No persona is true of most of them and of few others. ')",
        "coalesce(" ~ dbt.concat([
            "'Beside the others of this name, they '", 'qualifying_words',
            "'. '"
        ]) ~ ", '')",
        "case when letter is null then '' else 'The evidence does not tell them"
        ~ " apart from the others of this name. ' end",
        "coalesce(" ~ dbt.concat([
            "'They are '", rounded_text('100 * customer_share'),
            "' % of the customers and bring '",
            rounded_text('100 * revenue_share'), "' % of the revenue. '"
        ]) ~ ", '')",
        "'Last 12 months: revenue '",
        rounded_text('revenue_12_months_amount'), "' per customer (all: '",
        rounded_text('population_revenue_12_months_amount'), "'), '",
        rounded_text('orders_12_months', 1), "' orders ('",
        rounded_text('population_orders_12_months', 1),
        "'). Last order '", rounded_text('recency_days'), "' days ago ('",
        rounded_text('population_recency_days'), "'). Customer for '",
        rounded_text('length_days'), "' days ('",
        rounded_text('population_length_days'), "').'"
    ]) }}
{%- endmacro %}


{% macro evidence_or_reason() -%}
    case
        when stage = 'new'
            then 'First order too recent for a path to be compared.'
        when stage = 'lapsed'
            then 'No order in the window that is compared.'
        when stage = 'sparse'
            then 'Too few orders in the window that is compared.'
        when segment_number is null
            then 'Too few customers to be clustered.'
        when evidence is null
            then 'No name earned: nobody but one customer is in the group.'
        when not coalesce(has_structure, false)
            then {{ dbt.concat([
                "'No name earned. '", 'reason', "' '", 'evidence'
            ]) }}
        when not coalesce(has_personas, false)
            then {{ dbt.concat([
                "'No name: no rules name the groups of this segmentation. '",
                'evidence'
            ]) }}
        when deserved_persona is null
            then {{ dbt.concat(["'No name earned. '", 'evidence']) }}
        when not is_supported
            then {{ dbt.concat([
                "'No name earned: the group changes when customers are '",
                "'drawn again. '", 'evidence'
            ]) }}
        else evidence
    end
{%- endmacro %}
