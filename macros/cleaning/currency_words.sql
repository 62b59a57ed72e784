{% macro currency_words() %}
    {{ return({
        'AED': ['aed'], 'ARS': ['ars'], 'AUD': ['aud', 'a$', 'au$'],
        'AZN': ['azn', '₼'], 'BDT': ['bdt', 'tk', '৳'], 'BGN': ['bgn', 'лв', 'lv'],
        'BHD': ['bhd'], 'BRL': ['brl', 'r$'], 'BYN': ['byn'],
        'CAD': ['cad', 'c$', 'ca$', 'cdn$'], 'CHF': ['chf', 'sfr', 'fr', 'frs'],
        'CLP': ['clp'], 'CNY': ['cny', 'rmb', '元'], 'COP': ['cop'],
        'CRC': ['crc', '₡'], 'CZK': ['czk', 'kč', 'kc', 'kčs'], 'DKK': ['dkk'],
        'DOP': ['dop', 'rd$'], 'EGP': ['egp'], 'EUR': ['eur', '€', 'euro', 'euros'],
        'GBP': ['gbp', '£'], 'GEL': ['gel', '₾'], 'GHS': ['ghs', '₵', 'gh₵'],
        'HKD': ['hkd', 'hk$'], 'HUF': ['huf', 'ft'], 'IDR': ['idr', 'rp'],
        'ILS': ['ils', 'nis', '₪'], 'INR': ['inr', '₹'], 'ISK': ['isk'],
        'JOD': ['jod'], 'JPY': ['jpy', '円', 'yen'], 'KES': ['kes', 'ksh'],
        'KRW': ['krw', '₩', '원'], 'KWD': ['kwd'], 'KZT': ['kzt', '₸', 'тг'],
        'LKR': ['lkr'], 'MAD': ['mad'], 'MXN': ['mxn', 'mx$', 'mex$'],
        'MYR': ['myr', 'rm'], 'NGN': ['ngn', '₦'], 'NOK': ['nok'], 'NPR': ['npr'],
        'NZD': ['nzd', 'nz$'], 'OMR': ['omr'], 'PEN': ['pen', 's/'],
        'PHP': ['php', '₱'], 'PKR': ['pkr'], 'PLN': ['pln', 'zł', 'zl'],
        'QAR': ['qar'], 'RON': ['ron', 'lei', 'leu'], 'RSD': ['rsd', 'din', 'дин'],
        'RUB': ['rub', 'rur', '₽', 'руб', 'р'], 'SAR': ['sar'], 'SEK': ['sek'],
        'SGD': ['sgd', 's$'], 'THB': ['thb', '฿'], 'TND': ['tnd'],
        'TRY': ['try', '₺', 'tl'], 'TWD': ['twd', 'nt$'], 'UAH': ['uah', '₴', 'грн'],
        'USD': ['usd', 'us$'], 'UYU': ['uyu'], 'VND': ['vnd', '₫', 'đ'],
        'ZAR': ['zar', 'r']
    }) }}
{% endmacro %}


{% macro shared_currency_words() %}
    {{ return({
        '$': {
            'words': ['$'],
            'codes': [
                'USD', 'ARS', 'AUD', 'CAD', 'CLP', 'COP', 'HKD', 'MXN', 'NZD',
                'SGD', 'TWD', 'UYU'
            ]
        },
        '¥': {'words': ['¥'], 'codes': ['JPY', 'CNY']},
        'kr': {'words': ['kr'], 'codes': ['DKK', 'ISK', 'NOK', 'SEK']},
        'Rs': {'words': ['rs', '₨'], 'codes': ['INR', 'LKR', 'NPR', 'PKR']},
        'Dh': {'words': ['dh', 'dhs'], 'codes': ['AED', 'MAD']}
    }) }}
{% endmacro %}


{% macro amount_words() %}
    {% set meanings = {} %}
    {% for word in [
        'x', 'pc', 'pcs', 'st', 'stk', 'stück', 'szt', 'шт', 'ks', 'pz', 'ud',
        'uds', 'un', 'unit', 'units', 'ea'
    ] %}
        {% do meanings.update({word: none}) %}
    {% endfor %}
    {% for code, words in currency_words().items() %}
        {% for word in words %}
            {% do meanings.update({word: code}) %}
            {% for other in words if other != word %}
                {% do meanings.update({word ~ other: code}) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {% for shared, it in shared_currency_words().items() %}
        {% for word in it.words %}
            {% do meanings.update({word: shared}) %}
            {% for code in it.codes | map('lower') %}
                {% do meanings.update({
                    word ~ code: code | upper, code ~ word: code | upper
                }) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(meanings) }}
{% endmacro %}


{# Looked for in one text, for words hold no commas: engines plan hundreds of
   values for a second. #}
{% macro _is_amount_word(words) -%}
    position(
        concat(',', {{ words }}, ',') in ',,{{ amount_words() | join(",") }},'
    ) > 0
{%- endmacro %}


{% macro currency_of(words) -%}
    {%- set meanings = namespace(text=',') -%}
    {%- for word, currency in amount_words().items() if currency -%}
        {%- set meanings.text = meanings.text ~ word ~ '=' ~ currency ~ ',' -%}
    {%- endfor -%}
    nullif(split_part(split_part(
        '{{ meanings.text }}', concat(',', {{ words }}, '='), 2
    ), ',', 1), '')
{%- endmacro %}


{% macro tells_shared_currency(words, shared) -%}
    {%- set it = shared_currency_words()[shared] -%}
    {%- set telling = ['us$', '₹'] -%}
    {%- for code in it.codes | map('lower') -%}
        {%- do telling.append(code) -%}
        {%- for word in it.words -%}
            {%- do telling.extend([word ~ code, code ~ word]) -%}
        {%- endfor -%}
    {%- endfor -%}
    position(
        concat(',', {{ words }}, ',') in ',{{ telling | join(",") }},'
    ) > 0
{%- endmacro %}
