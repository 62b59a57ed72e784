{% macro variable_rules() %}
    {% set share = ['number', 0, 1] %}
    {{ return({
        'input': ['text'],
        'transactions_relation': ['text'],
        'customer_demographics_relation': ['text'],
        'customer_addresses_relation': ['text'],
        'web_sessions_relation': ['text'],
        'full_load': ['true or false'],
        'date_order': ['word', 'auto', 'dmy', 'mdy'],
        'time_zone': ['time zone'],
        'decimal_separator': ['word', 'auto', 'point', 'comma'],
        'currency': ['currency or nothing'],
        'earliest_order_date': ['day'],
        'latest_order_date': ['day'],
        'accepted_order_statuses': ['list'],
        'returned_order_statuses': ['list'],
        'rejected_order_statuses': ['list'],
        'guest_customer_ids': ['list'],
        'contradicting_share_threshold': share,
        'rejected_share_threshold': share,
        'as_of_date': ['day or nothing'],
        'complete_month_day': ['whole number', 1, 28],
        'months_of_history': ['whole number', 0, 1200],
        'orders_of_history': ['whole number', 0, 1000000],
        'evidence_customers': ['whole number', 2, 1000000000],
        'refit': ['true or false'],
        'first_fit_months': ['whole number', 1, 1200],
        'stable_refit_agreement': ['number', -1, 1],
        'model_months': ['whole number', 0, 1200],
        'series': ['structure'],
        'segmentations': ['structure'],
        'persona_share': share,
        'persona_stability': share,
        'name_personas_anyway': ['true or false'],
        'transition_months': ['whole number', 1, 1200],
        'transition_confidence': share,
        'stable_stay_share': share,
        'stable_stay_beyond_chance': share,
        'least_overlap': share,
        'surviving_overlap': share,
        'transition_month_pairs': ['whole number', 1, 1200],
        'forecast_horizon_months': ['whole number', 1, 120],
        'forecast_origins': ['whole number', 1, 1200],
        'forecast_first_months': ['whole number', 1, 1200],
        'coverage_tolerance': share,
        'change_false_share': share,
        'change_unusual_share': share,
        'value_discount_share': share,
        'experiments_relation': ['text'],
        'experiment_arms_relation': ['text'],
        'experiment_assignments_relation': ['text'],
        'campaign_contacts_relation': ['text'],
        'holdout_share': ['number', 0, 0.5],
        'test_weeks': ['whole numbers', 1, 104],
        'test_control_shares': ['numbers', 0.01, 0.5],
        'test_expected_lift_share': ['number', 0.001, 10],
        'postgres_schema': ['text'],
        'postgres_reader': ['text'],
        'publish_personal_data': ['true or false'],
        'smallest_cell': ['whole number', 1, 1000000],
        'customer_ids_on_pages': ['true or false'],
        'shop_kind': [
            'word', 'auto', 'any', 'bicycles', 'grocery', 'fashion', 'software'
        ],
        'playbooks_relation': ['text'],
        'seed': ['whole number', 0, 4294967295],
        'schema_prefix': ['text'],
        'published_before': ['structure']
    }) }}
{% endmacro %}


{% macro check_variables() %}
    {% if execute %}
        {% set rules = variable_rules() %}
        {# Of an including project, what it says for this package. #}
        {% set given = adapter.config.vars.to_dict() %}
        {% set given = given.get(this_package()) or {}
            if project_name != this_package()
            else dict(given, **(invocation_args_dict.get('vars') or {})) %}
        {% for name in given if name not in rules %}
            {{ exceptions.raise_compiler_error(
                "There is no variable " ~ name ~ ". Is "
                ~ _nearest_name(name, rules) ~ " meant? All that there are "
                ~ "stand below 'vars' in dbt_project.yml of "
                ~ this_package() ~ "."
            ) }}
        {% endfor %}
        {# A relation may be a ref, which only a model can read: input_relation. #}
        {% for name in rules if not name.endswith('_relation') %}
            {% do checked_var(name) %}
        {% endfor %}
        {% do check_segmentations() %}
        {% set earliest = checked_var('earliest_order_date') %}
        {% set latest = checked_var('latest_order_date') %}
        {% if earliest > latest %}
            {{ exceptions.raise_compiler_error(
                "The variable earliest_order_date is " ~ earliest
                ~ ", after latest_order_date, " ~ latest
                ~ ": no order would be between them. Correct one."
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro checked_var(name) %}
    {% set rule = variable_rules()[name] %}
    {% set kind, bounds = rule[0], rule[1:] %}
    {% set value = var(name, '') %}
    {% set text = (value ~ '') | trim %}
    {% set wanted = kind %}
    {% if kind == 'word' %}
        {% set wanted = bounds[:-1] | join(', ') ~ ' or ' ~ bounds[-1] %}
        {% set is_right = text | lower in bounds %}
        {% set value = text | lower %}
    {% elif kind in ('day', 'day or nothing') %}
        {% set wanted = 'a day such as 2017-12-31'
            ~ (', or empty' if kind == 'day or nothing' else '') %}
        {% set is_right = _is_day(text)
            or (kind == 'day or nothing' and not value) %}
        {% set value = text if value else '' %}
    {% elif kind == 'time zone' %}
        {% set wanted = 'the name of a time zone such as Europe/Berlin, or empty' %}
        {% set is_right = not text or text in modules.pytz.all_timezones_set %}
        {% set value = text %}
    {% elif kind == 'currency or nothing' %}
        {% set wanted = 'at most eight letters and signs such as $ or EUR, without'
            ~ ' digits, blanks, quotes or markup, or empty' %}
        {% set is_right = modules.re.fullmatch(
            '[^\\d\\s<>&{}"\'`\\\\]{0,8}', text
        ) is not none %}
        {% set value = text if value else '' %}
    {% elif kind == 'true or false' %}
        {% set wanted = 'true or false, without quotes' %}
        {% set is_right = value is boolean %}
    {% elif kind in ('whole number', 'number') %}
        {% set form = '-?\\d{1,10}' ~ ('' if kind == 'whole number'
            else '(\\.\\d+)?([eE]-?\\d{1,2})?') %}
        {% set wanted = 'a ' ~ kind ~ ' from ' ~ bounds[0] ~ ' to ' ~ bounds[1] %}
        {% set is_right = value is not boolean
            and modules.re.fullmatch(form, text) is not none
            and bounds[0] <= text | float <= bounds[1] %}
    {% elif kind == 'list' %}
        {% set wanted = 'a list of texts, such as [paid, "No"]' %}
        {% set is_right = value is sequence and value is not string
            and value is not mapping
            and value | reject('string') | reject('integer') | list == [] %}
    {% elif kind in ('whole numbers', 'numbers') %}
        {% set form = 'integer' if kind == 'whole numbers' else 'number' %}
        {% set wanted = 'a list of ' ~ kind ~ ' from ' ~ bounds[0] ~ ' to '
            ~ bounds[1] ~ ', each once' %}
        {% set is_right = value is sequence and value is not string
            and value is not mapping and value | length > 0
            and value | reject(form) | list == []
            and value | unique | list | length == value | length
            and bounds[0] <= value | min and value | max <= bounds[1] %}
    {% elif kind == 'text' %}
        {% set wanted = 'one text' %}
        {% set is_right = value is string or value is none %}
    {% else %}
        {% set is_right = true %}
    {% endif %}
    {% if not is_right %}
        {{ exceptions.raise_compiler_error(
            "The variable " ~ name ~ " is "
            ~ (text if text else 'empty') ~ ", but it must be " ~ wanted ~ "."
        ) }}
    {% endif %}
    {{ return(value) }}
{% endmacro %}


{% macro _is_day(text) %}
    {% if modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}', text) is none %}
        {{ return(false) }}
    {% endif %}
    {% set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int %}
    {% set is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) %}
    {% set days = [
        31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    ] %}
    {{ return(
        year > 0 and 1 <= month <= 12 and 1 <= day <= days[month - 1]
    ) }}
{% endmacro %}


{% macro _nearest_name(name, names) %}
    {% set nearest = namespace(name=none, share=-1) %}
    {% for known in names %}
        {% set common = [] %}
        {% for place in range(name | length - 1)
            if name[place:place + 2] in known %}
            {% do common.append(place) %}
        {% endfor %}
        {% set share = (common | length) / (name | length + known | length) %}
        {% if share > nearest.share %}
            {% set nearest.name, nearest.share = known, share %}
        {% endif %}
    {% endfor %}
    {{ return(nearest.name) }}
{% endmacro %}
