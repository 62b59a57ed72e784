{# A number out of text that a person wrote: currency signs and codes before or
   after it, thousands separators, brackets or a trailing minus for negative
   ones. `decimal_comma` is a boolean column: whether this input writes 1.234,56
   (see decimal_comma_evidence). Null when the text is not one number. #}
{% macro parse_number(text, decimal_comma) -%}
    {%- set digits = remove_pattern(text, '[^0-9.,]') -%}
case
    when not {{ matches_pattern(text, _number_pattern()) }} then null
    else
        case
            when {{ matches_pattern(text, '[(-]') }} then -1
            else 1
        end * case
            when {{ decimal_comma }}
                then try_cast(
                    replace(replace({{ digits }}, '.', ''), ',', '.') as double
                )
            else try_cast(replace({{ digits }}, ',', '') as double)
        end
end
{%- endmacro %}


{# Sign or bracket, currency, digits with separators, currency, minus. #}
{% macro _number_pattern() -%}
    {{- return(
        "^[(+-]?[^0-9.,()+%-]{0,5}[(+-]?[^0-9.,()+%-]{0,5}"
        ~ "([0-9]|[.,][0-9])[0-9.,  ''’]*[^0-9.,()+%-]{0,5}[)-]?$"
    ) -}}
{%- endmacro %}


{# Counts, over one text column, the values that can only be read with a decimal
   comma, less those that can only be read with a decimal point: above zero the
   input writes decimal commas. #}
{% macro decimal_comma_evidence(text) -%}
sum(
    case
        when
            {{ matches_pattern(text, '[0-9],[0-9]{1,2}[^0-9.,]*$') }}
            or {{ matches_pattern(text, '[0-9][.][0-9]{3},[0-9]') }}
            then 1
        when
            {{ matches_pattern(text, '[0-9][.][0-9]{1,2}[^0-9.,]*$') }}
            or {{ matches_pattern(text, '[0-9],[0-9]{3}[.][0-9]') }}
            then -1
        else 0
    end
)
{%- endmacro %}
