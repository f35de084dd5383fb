with latest as (
  {{ latest_submission('contacts', [
    'landed.caller_token', 'landed.callee_token', 'landed.started_at', 'landed.kind'
  ]) }}
)

select
  participant,
  submission_id,
  row_number,
  caller_token,
  callee_token,
  started_at,
  duration_s,
  kind
from latest
