with latest as (
  {{ latest_submission('list_events', [
    'landed.subject_kind', 'landed.subject_token', 'landed.list', 'landed.event', 'landed.occurred_at', 'landed.case_no'
  ]) }}
)

select
  participant,
  submission_id,
  row_number,
  subject_kind,
  subject_token,
  list as list_name,
  event,
  occurred_at,
  agency,
  legal_reason,
  case_no,
  reported_loss_cents,
  layer as stated_layer,
  parent_case
from latest
