-- What tells other tools of changes. A row that stays as it is is not written
-- again; one that a corrected order takes back is deleted.
with moves as (

    select * from {{ ref('int_segment_moves') }}
    where is_changed

),

personas as (

    select * from {{ ref('int_segment_personas') }}

),

named as (

    select
        moves.customer_segment_id as segment_change_id,
        moves.segmentation,
        moves.customer_id,
        moves.previous_segment_id,
        previous_personas.persona as previous_persona,
        moves.segment_id,
        personas.persona,
        moves.cause,
        lead(moves.month) over (
            partition by moves.segmentation, moves.customer_id
            order by moves.month
        ) is null as is_current,
        moves.month
    from moves
    inner join personas
        on
            moves.segment_id = personas.segment_id
            and moves.month = personas.month
    left join personas as previous_personas
        on
            moves.previous_segment_id = previous_personas.segment_id
            and moves.previous_month = previous_personas.month

),

published as (

    select * from named
    {{ 'except select * from ' ~ this if is_incremental() }}

)

select * from published
