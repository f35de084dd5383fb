-- Upper bound of reported money that can have reached an account: what came in, after the money's arrival there, from
-- accounts at most two layers behind a watch-listed one; never more than was reported in all.
with reached as (
  select as_of, account_token, min({{ seconds_since_epoch('arrived_at') }}) as arrived_second
  from {{ ref('int_moneyflow__layers') }}
  where direction = 'forward'
    and layer <= 2
  group by as_of, account_token
),

reported as (
  select as_of, sum(reported_loss_cents) as loss_cents
  from {{ ref('int_scoring__watch_listed') }}
  group by as_of
),

received as (
  select legs.as_of, legs.account_token, sum(legs.amount_cents) as received_cents
  from {{ ref('int_scoring__legs') }} as legs
  inner join reached
    on reached.as_of = legs.as_of
    and reached.account_token = legs.counterparty_token
    and reached.arrived_second < legs.executed_second
  where legs.direction = 'in'
    and legs.counterparty_token <> legs.account_token
  group by legs.as_of, legs.account_token
)

select
  received.as_of,
  received.account_token,
  cast(least(received.received_cents, reported.loss_cents) as {{ dbt.type_bigint() }}) as tainted_bound_cents
from received
inner join reported on reported.as_of = received.as_of
