-- Today's members: memberships of the latest month.
with memberships as (

    select * from {{ ref('int_segment_memberships') }}

),

membership_months as (

    select * from {{ ref('int_membership_months') }}
    where months_back = 0

),

members as (

    select memberships.*
    from memberships
    inner join membership_months
        on memberships.month = membership_months.month

)

select * from members
