select
  transfer_id,
  executed_at,
  sender_institution,
  sender_account_token,
  receiver_institution,
  receiver_account_token,
  amount_cents
from {{ ref('int_transfers__joined') }}
where not reversed
  and amount_cents > 0
