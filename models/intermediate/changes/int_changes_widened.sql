with months as (

    select * from {{ ref('int_change_months') }}

),

widths as (

    select * from {{ ref('int_change_widths') }}

),

channels as (

    {{ change_channels() }}

),

crossed as (

    select
        measured.customer_id,
        measured.segment_id,
        channels.channel,
        {% for name in ['p_value', 'before', 'after', 'ratio'] -%}
        {{ by_change_channel('measured', name) }} as {{ name }},
        {% endfor -%}
        measured.mix_number,
        measured.silence_days,
        months.month_number,
        measured.month,
        measured.fingerprint
    from {{ ref('int_changes_measured') }} as measured
    inner join months
        on measured.fingerprint = months.fingerprint
    cross join channels

),

widened as (

    select
        crossed.*,
        round(exp(ln(crossed.p_value) / widths.width), 12) as widened_p_value
    from crossed
    inner join widths
        on
            crossed.channel = widths.channel
            and crossed.segment_id = widths.segment_id
            and crossed.fingerprint = widths.fingerprint
    where crossed.p_value is not null

)

select * from widened
