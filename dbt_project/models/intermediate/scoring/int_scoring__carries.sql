-- Money that came from one account and soon went on to another: the hops that scatter-gather is made of. Known from
-- the moment it went on, so a cut-off compares with left_at. An account that deals all the time (a shop, a payroll)
-- passes everything on to everybody; beyond scoring_carrier_transfers within the span it carries nothing.
{% set span = var('scoring_passage_hours') * 3600 %}

with hops as (
  {{ scoring_hops() }}
),

both_ends as (
  select sender as account_token, transfer_id, executed_second, 'out' as direction from hops
  union all
  select receiver as account_token, transfer_id, executed_second, 'in' as direction from hops
),

busy as (
  select
    account_token,
    transfer_id,
    direction,
    count(*) over (
      partition by account_token order by executed_second range between {{ span }} preceding and current row
    ) as transfers_lately
  from both_ends
)

select
  came.sender as origin_account_token,
  went.sender as carrier_account_token,
  went.receiver as receiver_account_token,
  went.transfer_id,
  max(came.executed_at) as came_at,
  went.executed_at as left_at
from hops as went
inner join busy
  on busy.transfer_id = went.transfer_id
  and busy.direction = 'out'
  and busy.transfers_lately <= {{ var('scoring_carrier_transfers') }}
inner join hops as came
  on came.receiver = went.sender
  and came.sender <> went.receiver
  and came.executed_second < went.executed_second
  and came.executed_second >= went.executed_second - {{ span }}
group by came.sender, went.sender, went.receiver, went.transfer_id, went.executed_at
