with customer_addresses as (

    select * from {{ ref('base_retail__customer_addresses') }}

),

state_codes as (

    select * from {{ ref('state_codes') }}

),

typed as (

    select
        ---------- ids
        {{ clean_id('customer_addresses.customer_id') }} as customer_id,

        ---------- strings
        customer_addresses.address,
        {{ clean_id('customer_addresses.postcode') }} as postcode,
        coalesce(state_codes.state, customer_addresses.state) as state,
        customer_addresses.country,
        customer_addresses.unreadable_line,
        customer_addresses.left_out_line,
        customer_addresses.raw_row,

        ---------- numerics
        try_cast(customer_addresses.property_valuation as double)
            as property_valuation,
        case
            when state_codes.state <> customer_addresses.state then 1
            else 0
        end as repaired_values
    from customer_addresses
    left join state_codes
        on lower(customer_addresses.state) = state_codes.raw_value

)

select * from typed
