-- What dates as they are written could not tell, or contradict.
{% set share = var('contradicting_share_threshold') -%}
with conventions as (

    select
        *,
        {{ share }} * (day_first_dates + month_first_dates + either_dates)
            as few_dates,
        {{ share }} * dates as few_of_all,
        case when is_day_first then 'day first' else 'month first' end as taken,
        year_first_dates + year_first_late_day_dates as years_first
    from {{ ref('base_retail__date_conventions') }}

),

found as (

    {% for code, finding in {
        'dates_of_two_orders': [
            "contrary_dates > few_dates and (contrary_dates > 1 or few_dates < "
            ~ 10 * share ~ ")",
            "day_first_value || ' and ' || month_first_value",
            'contrary_dates'
        ],
        'date_order_contradicted': [
            "told_by = 'date_order' and contrary_dates = 0"
            ~ " and own_order = '" ~ ('mdy' if checked_var('date_order') == 'dmy' else 'dmy')
            ~ "' and day_first_dates + month_first_dates > few_dates",
            'coalesce(day_first_value, month_first_value)',
            'day_first_dates + month_first_dates'
        ],
        'date_order_not_told': [
            "told_by in ('nothing', 'first days') and either_dates > 0",
            "either_value || ' as ' || taken",
            'either_dates'
        ],
        'date_order_of_other_columns': [
            "told_by = 'other columns' and either_dates > 0",
            "either_value || ' as ' || taken",
            'either_dates'
        ],
        'dates_half_converted': [
            "year_first_dates >= 3 and year_first_late_day_dates = 0"
            ~ " and day_first_dates + month_first_dates >= 3 and either_dates = 0"
            ~ " and least(year_first_dates, day_first_dates + month_first_dates)"
            ~ " > few_of_all",
            "coalesce(day_first_value, month_first_value) || ' and '"
            ~ " || year_first_value",
            'year_first_dates'
        ],
        'days_amid': [
            'day_amid_dates > few_of_all and day_amid_dates > 1',
            'day_amid_value',
            'day_amid_dates'
        ],
        'short_years_first': [
            'short_years >= 6 and first_parts * 3 <= short_years',
            'coalesce(day_first_value, month_first_value, either_value)',
            'day_first_dates + month_first_dates + either_dates'
        ],
        'times_in_utc': [
            ("false" if checked_var('time_zone') else "utc_dates > 0"), 'utc_value', 'utc_dates'
        ],
        'times_of_many_zones': [
            ("false" if checked_var('time_zone') else "utc_offsets > 2"),
            'cast(utc_offsets as string)',
            'moment_dates'
        ]
    }.items() -%}
    select
        input_table,
        '{{ code }}' as finding_code,
        column_name,
        {{ finding[1] }} as value,
        {{ finding[2] }} as found_rows,
        dates as of_rows
    from conventions
    where {{ finding[0] }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from found
