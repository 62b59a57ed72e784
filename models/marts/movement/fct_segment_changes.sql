-- What tells other tools of changes. A row that stays as it is is not written
-- again; one that a corrected order takes back is deleted.
with moves as (

    select * from {{ ref('int_segment_moves') }}
    where is_changed

),

segments as (

    select * from {{ ref('dim_segments') }}

),

named as (

    select
        moves.customer_segment_id as segment_change_id,
        moves.segmentation,
        moves.customer_id,
        moves.previous_segment_id,
        previous_segments.persona as previous_persona,
        moves.segment_id,
        segments.persona,
        moves.cause,
        lead(moves.month) over (
            partition by moves.segmentation, moves.customer_id
            order by moves.month
        ) is null as is_current,
        moves.month
    from moves
    left join segments
        on moves.segment_id = segments.segment_id
    left join segments as previous_segments
        on moves.previous_segment_id = previous_segments.segment_id

),

published as (

    select * from named
    {% if is_incremental() -%}
    except
    select * from {{ this }}
    {%- endif %}

)

select * from published
