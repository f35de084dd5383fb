with latest as (
  {{ latest_submission('cross_industry_list', [
    'landed.identifier_kind', 'landed.identifier_token', 'landed.list', 'landed.listed_at'
  ]) }}
)

select
  participant,
  submission_id,
  row_number,
  identifier_kind,
  identifier_token,
  list as list_name,
  reason,
  listed_at,
  lifted_at
from latest
