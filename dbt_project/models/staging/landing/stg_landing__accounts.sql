with latest as (
  {{ latest_submission('accounts', ['landed.account_token']) }}
)

select
  participant,
  submission_id,
  row_number,
  account_token,
  holder_id_kind as holder_kind,
  holder_id_token as holder_token,
  opened_on,
  kind,
  status
from latest
