-- Short cycles: money that came back to its sender through one or two others, each hop after the one before.
-- Known from the moment it closes, so a cut-off compares with closed_at.
{% set span = var('scoring_return_days') * 86400 %}

with hops as (
  {{ scoring_hops() }}
),

closed as (
  select leaving.sender as account_token, back.transfer_id, back.executed_at as closed_at, 2 as hops
  from hops as leaving
  inner join hops as back
    on back.sender = leaving.receiver
    and back.receiver = leaving.sender
    and back.executed_second > leaving.executed_second
    and back.executed_second <= leaving.executed_second + {{ span }}
  union all
  select leaving.sender as account_token, back.transfer_id, back.executed_at as closed_at, 3 as hops
  from hops as leaving
  inner join hops as passing
    on passing.sender = leaving.receiver
    and passing.receiver <> leaving.sender
    and passing.executed_second > leaving.executed_second
    and passing.executed_second <= leaving.executed_second + {{ span }}
  inner join hops as back
    on back.sender = passing.receiver
    and back.receiver = leaving.sender
    and back.executed_second > passing.executed_second
    and back.executed_second <= leaving.executed_second + {{ span }}
)

select account_token, transfer_id, closed_at, cast(min(hops) as {{ dbt.type_bigint() }}) as hops
from closed
group by account_token, transfer_id, closed_at
