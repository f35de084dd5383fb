{{ config(by_day('as_of', ['direction', 'account_token'])) }}
select
  as_of,
  direction,
  account_token,
  layer,
  arrived_at,
  via_transfer_id,
  from_account_token,
  from_transfer_id,
  from_arrived_at,
  start_account_token
from {{ ref('int_moneyflow__arrivals') }}
where is_first
