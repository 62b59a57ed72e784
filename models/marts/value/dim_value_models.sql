-- Every fit that probabilities and values of a month are made with, and those
-- that were tried beside it.
with records as (

    select * from {{ ref('int_value_records') }}
    where part = 'fit'

),

published as (

    select
        {{ surrogate_key(['origin_month', 'model']) }} as value_model_id,
        cast(model as string) as model,
        cast(parameters as string) as parameters,
        cast(decision as string) as decision,
        cast(customers as bigint) as customers,
        cast({{ var('seed') }} as bigint) as seed,
        cast(round(log_likelihood, 6) as double) as log_likelihood,
        cast(round(log_likelihood - nbd_log_likelihood, 6) as double)
            as log_likelihood_gain,
        is_degenerate,
        is_published,
        cast(origin_month as date) as month
    from records

)

select * from published
