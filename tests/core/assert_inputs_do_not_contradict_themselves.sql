-- Where the data contradict themselves nothing is computed from them.
select *
from {{ ref('int_input_findings') }}
where severity = 'stop'
