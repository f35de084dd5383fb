-- Both ends of every transfer that was booked before the cut-off, seen from each of its two accounts.
{% set second = seconds_since_epoch('transfers.executed_at') %}
{% set cut_off_second = seconds_since_epoch('cut_offs.as_of') %}

with seen as (
  select
    cut_offs.as_of,
    transfers.transfer_id,
    transfers.sender_account_token,
    transfers.sender_institution,
    transfers.receiver_account_token,
    transfers.receiver_institution,
    transfers.amount_cents,
    transfers.preregistered,
    {{ second }} as executed_second,
    {{ second }} >= {{ cut_off_second }} - {{ var('scoring_window_days') }} * 86400 as is_recent
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_transfers__joined') }} as transfers
    on transfers.executed_at < cut_offs.as_of
    and {{ second }} >= {{ cut_off_second }} - {{ var('scoring_history_days') }} * 86400
  where not transfers.reversed
),

both_ends as (
  select as_of, transfer_id, 'in' as direction, receiver_account_token as account_token,
    sender_account_token as counterparty_token, sender_institution as counterparty_institution,
    amount_cents, preregistered, executed_second, is_recent
  from seen
  union all
  select as_of, transfer_id, 'out' as direction, sender_account_token as account_token,
    receiver_account_token as counterparty_token, receiver_institution as counterparty_institution,
    amount_cents, preregistered, executed_second, is_recent
  from seen
)

select
  *,
  -- Taipei has kept UTC+8 all year since 1980: night is 00:00 to 06:00 there.
  mod(executed_second + 8 * 3600, 86400) < 6 * 3600 as is_night,
  mod(amount_cents, 100000) = 0 as is_round -- whole thousands of TWD
from both_ends
