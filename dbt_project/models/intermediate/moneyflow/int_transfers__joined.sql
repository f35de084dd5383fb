select
  transfer_id,
  executed_at,
  sender_institution,
  sender_account_token,
  receiver_institution,
  receiver_account_token,
  amount_cents,
  channel,
  preregistered,
  reversed,
  legs,
  leg_state
from {{ ref('int_transfers__paired') }}
