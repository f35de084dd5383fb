-- Scatter-gather: one account's money goes through several others to one receiver.
with carried as (
  select distinct
    cut_offs.as_of,
    carries.origin_account_token,
    carries.carrier_account_token,
    carries.receiver_account_token
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_scoring__carries') }} as carries
    on carries.left_at < cut_offs.as_of
    and {{ seconds_since_epoch('carries.came_at') }}
      >= {{ seconds_since_epoch('cut_offs.as_of') }} - {{ var('scoring_window_days') }} * 86400
),

pairs as (
  select as_of, origin_account_token, receiver_account_token, count(*) as carriers
  from carried
  group by as_of, origin_account_token, receiver_account_token
),

parts as (
  select as_of, origin_account_token as account_token, 'scattered' as part, carriers from pairs
  union all
  select as_of, receiver_account_token as account_token, 'gathered' as part, carriers from pairs
  union all
  select carried.as_of, carried.carrier_account_token as account_token, 'carried' as part, pairs.carriers
  from carried
  inner join pairs
    on pairs.as_of = carried.as_of
    and pairs.origin_account_token = carried.origin_account_token
    and pairs.receiver_account_token = carried.receiver_account_token
)

select
  as_of,
  account_token,
  max(case when part = 'scattered' then carriers else 0 end) as scattered_over,
  max(case when part = 'gathered' then carriers else 0 end) as gathered_over,
  max(case when part = 'carried' then carriers else 0 end) as carried_beside
from parts
group by as_of, account_token
