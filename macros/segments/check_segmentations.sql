{% macro check_segmentations() %}
    {% for name, declared in var('series').items() %}
        {% do _check_series('The series ' ~ name, declared) %}
    {% endfor %}
    {% for name, given in var('segmentations').items() %}
        {% set subject = 'The segmentation ' ~ name %}
        {% do _check_settings(subject, name, given, [
            'series', 'window', 'features', 'numbered_by', 'personas', 'choose',
            'candidates', 'k_min', 'k_max', 'sample_customers', 'null_shuffles',
            'bootstrap_refits', 'predictive_refits', 'n_init', 'init_iter',
            'max_iter', 'engine', 'transition_months'
        ]) %}
        {% if given.series not in var('series') %}
            {% do _refuse(
                subject ~ ' compares the series ' ~ given.series
                ~ ', but those that are declared are '
                ~ var('series') | join(', ')
                ~ ". Name one of them, or declare it below 'series' in"
                ~ ' dbt_project.yml.'
            ) %}
        {% endif %}
        {% set declared = var('series')[given.series] %}
        {% if 'window' in given %}
            {% do _check_window(subject, given.window, declared.period,
                ' of its series, ' ~ given.series ~ ',') %}
        {% endif %}
        {% if 'features' in given %}
            {% do _check_features(subject, given.features) %}
            {% for feature in given.features
                if feature not in declared.features %}
                {% do _refuse(
                    subject ~ ' compares the feature ' ~ feature
                    ~ ', but its series, ' ~ given.series ~ ', has '
                    ~ declared.features | join(', ')
                    ~ '. Leave it out, or name one of these.'
                ) %}
            {% endfor %}
        {% endif %}
        {% set features = given.features or declared.features %}
        {% if given.numbered_by and given.numbered_by not in features %}
            {% do _refuse(
                subject ~ ' is numbered by ' ~ given.numbered_by
                ~ ', but it compares ' ~ features | join(', ')
                ~ '. Name one of these.'
            ) %}
        {% endif %}
        {% set months = given.get('transition_months', 1) %}
        {% if months is not integer or months is boolean or months < 1 %}
            {% do _refuse(
                subject ~ ' has transition_months ' ~ months ~ ', but it must be'
                ~ ' a whole number of months, 1 or more. Give one, or leave it'
                ~ ' out.'
            ) %}
        {% endif %}
        {% if given.personas and given.personas not in persona_rules() %}
            {% do _refuse(
                subject ~ ' has its segments named by the rules '
                ~ given.personas ~ ', but those that there are in'
                ~ ' the macro personas are ' ~ persona_rules() | join(', ')
                ~ '. Name one of them, or leave personas out: its segments then'
                ~ ' have numbers.'
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro _check_series(subject, declared) %}
    {% do _check_settings(subject, subject.split()[-1], declared, [
        'period', 'window', 'is_static', 'features', 'numbered_by'
    ]) %}
    {% if declared.period not in ['month', 'day'] %}
        {% do _refuse(
            subject ~ ' has the period ' ~ (declared.period or 'nothing')
            ~ '. Say month or day.'
        ) %}
    {% endif %}
    {% do _check_window(subject, declared.window, declared.period, '') %}
    {% do _check_features(subject, declared.features) %}
    {% if declared.numbered_by not in declared.features %}
        {% do _refuse(
            subject ~ ' is numbered by ' ~ (declared.numbered_by or 'nothing')
            ~ ', but it has the features ' ~ declared.features | join(', ')
            ~ '. Name one of these.'
        ) %}
    {% endif %}
    {% if declared.period == 'day' and (declared.is_static
        or declared.features | list != ['spend_amount']) %}
        {% do _refuse(
            subject ~ ' has days as its period and '
            ~ ('is static' if declared.is_static else 'the features '
                ~ declared.features | join(', '))
            ~ '. A series of days is a path of spend_amount: say so, or take'
            ~ ' months.'
        ) %}
    {% endif %}
{% endmacro %}


{% macro _check_settings(subject, name, given, known) %}
    {% if not modules.re.fullmatch('[a-z][a-z0-9_]*', name) %}
        {% do _refuse(
            subject ~ ' has a name that cannot be part of names in the'
            ~ ' warehouse. Begin with a lower-case letter, and go on with such'
            ~ ' letters, digits and _.'
        ) %}
    {% endif %}
    {% if given is not mapping %}
        {% do _refuse(
            subject ~ ' is ' ~ given ~ ', but it must be some settings: '
            ~ known | join(', ') ~ '.'
        ) %}
    {% endif %}
    {% for setting in given if setting not in known %}
        {% do _refuse(
            subject ~ ' has the setting ' ~ setting ~ ', but those that there'
            ~ ' are are ' ~ known | join(', ') ~ '. Leave it out'
            ~ (': a series says it.' if setting == 'period' else '.')
        ) %}
    {% endfor %}
{% endmacro %}


{% macro _check_window(subject, window, period, whose) %}
    {% set least, most = (3, 24) if period == 'month' else (30, 365) %}
    {% if window is not integer or window is boolean
        or not least <= window <= most %}
        {% do _refuse(
            subject ~ ' has the window ' ~ window ~ ', but the window' ~ whose
            ~ ' is a whole number of ' ~ period ~ 's, from ' ~ least ~ ' to '
            ~ most ~ '. Give one.'
        ) %}
    {% endif %}
{% endmacro %}


{% macro _check_features(subject, features) %}
    {% if features is string or features is not sequence or features is mapping
        or not features or features | unique | list | length
            < features | length %}
        {% do _refuse(
            subject ~ ' has the features ' ~ (features or 'nothing')
            ~ '. Give a list of names, each once, such as [recency_days].'
        ) %}
    {% endif %}
{% endmacro %}


{% macro _refuse(sentence) %}
    {{ exceptions.raise_compiler_error(sentence) }}
{% endmacro %}
