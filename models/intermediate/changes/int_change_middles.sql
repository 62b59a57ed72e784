with measured as (

    select
        segment_id,
        month,
        fingerprint,
        {% for channel in change_channel_names() -%}
        count({{ channel }}_p_value) as {{ channel }}_tested,
        median({{ channel }}_p_value) as {{ channel }}_middle
        {{- ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_changes_measured') }}
    group by 1, 2, 3

),

channels as (

    {{ change_channels() }}

),

middles as (

    select
        measured.segment_id,
        channels.channel,
        {{ by_change_channel('measured', 'tested') }} as tested_customers,
        {{ by_change_channel('measured', 'middle') }} as middle_p_value,
        measured.month,
        measured.fingerprint
    from measured
    cross join channels

)

select * from middles
