-- Customers are numbers in a sample: nothing says who they are.
with trials as (

    select * from {{ ref('int_trials_current') }}

),

customers as (

    select * from {{ ref('int_segmentation_trials') }}
    where part = 'customer'

),

published as (

    select
        {{ surrogate_key(
            ['trials.segmentation_trial_id', 'customers.position']
        ) }} as silhouette_id,
        trials.segmentation_trial_id,
        trials.segmentation,
        trials.metric,
        trials.k,
        customers.cluster_number,
        customers.position as sample_number,
        customers.silhouette,
        customers.x,
        customers.y
    from customers
    inner join trials
        on
            customers.model_version = trials.model_version
            and customers.segmentation_trial_id = trials.segmentation_trial_id

)

select * from published
