-- Every row read is accepted, rejected or merged: none is lost.
select *
from {{ ref('rpt_input_reconciliations') }}
where read_rows <> accepted_rows + rejected_rows + merged_duplicates
