{#- Rows whose fingerprint an incremental model does not have yet; of a first build
    all. Whatever a row is made of is in its fingerprint. -#}
{%- macro not_made_yet(rows) -%}
    {%- if is_incremental() -%}
        (
            select candidates.*
            from {{ rows }} as candidates
            left join (select distinct fingerprint from {{ this }}) as made
                on candidates.fingerprint = made.fingerprint
            where made.fingerprint is null
        ) as not_made
    {%- else -%}
        {{ rows }}
    {%- endif -%}
{%- endmacro -%}
