with latest as (
  {{ latest_submission('holdings', [
    'landed.holder_kind', 'landed.holder_token', 'landed.asset_kind', 'landed.asset_token', 'landed.held_from'
  ]) }}
)

select
  participant,
  submission_id,
  row_number,
  holder_kind,
  holder_token,
  asset_kind,
  asset_token,
  asset_institution,
  held_from,
  held_to
from latest
