with latest as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

reached as (
  select
    layers.*,
    row_number() over (partition by layers.account_token order by layers.layer) as place
  from {{ ref('int_moneyflow__layers') }} as layers
  inner join latest on latest.as_of = layers.as_of
  where layers.direction = 'forward'
),

nearest as (
  select * from reached where place = 1
),

-- An account reached directly that no participant keeps cannot be scored and has no way back: it is counted, not sent.
beyond as (
  select nearest.account_token
  from nearest
  inner join {{ ref('int_accounts__known') }} as known on known.account_token = nearest.account_token
  where nearest.layer = 1 and not known.owned
),

candidates as (
  select account_token, score, place, reasons from {{ ref('suspected_accounts') }}
  union all
  select
    account_token,
    cast(null as {{ dbt.type_float() }}) as score,
    cast(null as {{ dbt.type_bigint() }}) as place,
    cast(null as {{ dbt.type_string() }}) as reasons
  from beyond
),

-- What came to a candidate from accounts that watch-listed money had reached before.
came_in as (
  select
    transfers.receiver_account_token as account_token,
    sum(transfers.amount_cents) as came_in_cents
  from {{ ref('int_transfers__joined') }} as transfers
  inner join latest on transfers.executed_at < latest.as_of
  inner join candidates on candidates.account_token = transfers.receiver_account_token
  inner join (
    select account_token, min(arrived_at) as arrived_at
    from reached
    where layer < {{ var('last_layer', 6) }}
    group by account_token
  ) as senders
    on senders.account_token = transfers.sender_account_token
    and senders.arrived_at < transfers.executed_at
  where not transfers.reversed
  group by transfers.receiver_account_token
)

select
  latest.as_of,
  candidates.account_token,
  known.institution,
  known.owned,
  candidates.score,
  candidates.place,
  candidates.reasons,
  coalesce(features.resting_cents, 0) as resting_cents,
  nearest.layer,
  nearest.arrived_at,
  nearest.start_account_token,
  cast(coalesce(came_in.came_in_cents, 0) as {{ dbt.type_bigint() }}) as came_in_cents,
  -- Never more than came in, never more than was reported where the money began.
  cast(least(
    coalesce(came_in.came_in_cents, 0), coalesce(starts.reported_loss_cents, 0)
  ) as {{ dbt.type_bigint() }}) as amount_bound_cents
from candidates
cross join latest
inner join {{ ref('int_accounts__known') }} as known on known.account_token = candidates.account_token
left join {{ ref('account_features') }} as features
  on features.account_token = candidates.account_token and features.as_of = latest.as_of
left join nearest on nearest.account_token = candidates.account_token
left join came_in on came_in.account_token = candidates.account_token
left join {{ ref('int_list_events__watch_listed') }} as starts on starts.account_token = nearest.start_account_token
