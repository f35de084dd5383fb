{{ config(by_day('executed_at', ['direction', 'from_account_token'])) }}
-- A reversed transfer moved no money, so it leads nowhere.
with transfers as (
  select * from {{ ref('int_transfers__joined') }} where not reversed
)

select
  'forward' as direction,
  sender_account_token as from_account_token,
  receiver_account_token as to_account_token,
  executed_at,
  {{ moneyflow_clock("'forward'", 'executed_at') }} as clock,
  transfer_id
from transfers
union all
select
  'backward' as direction,
  receiver_account_token as from_account_token,
  sender_account_token as to_account_token,
  executed_at,
  {{ moneyflow_clock("'backward'", 'executed_at') }} as clock,
  transfer_id
from transfers
