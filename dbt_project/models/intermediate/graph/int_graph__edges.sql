-- A pair is one edge from the first moment at which it was seen on, so that the graph of any cut-off is what began
-- before it. How often and how much belongs to the features, which count per cut-off.
with money_flow as (
  select
    'money_flow' as kind,
    'account' as from_kind,
    sender_account_token as from_token,
    'account' as to_kind,
    receiver_account_token as to_token,
    executed_at as known_from
  from {{ ref('int_transfers__joined') }}
  where not reversed
),

-- A holder holds an account since it was opened: the day begins at midnight in Taipei.
accounts_held as (
  select
    'holds' as kind,
    'holder' as from_kind,
    holder_token as from_token,
    'account' as to_kind,
    account_token as to_token,
    {{ add_seconds('cast(opened_on as ' ~ dbt.type_timestamp() ~ ')', -8 * 3600) }} as known_from
  from {{ ref('int_accounts__known') }}
  where owned
),

assets_held as (
  select
    'holds' as kind,
    case when holder_kind = 'device' then 'device' else 'holder' end as from_kind,
    holder_token as from_token,
    asset_kind as to_kind,
    asset_token as to_token,
    held_from as known_from
  from {{ ref('stg_landing__holdings') }}
),

contacts as (
  select
    'contact' as kind,
    'phone' as from_kind,
    caller_token as from_token,
    'phone' as to_kind,
    callee_token as to_token,
    started_at as known_from
  from {{ ref('stg_landing__contacts') }}
),

seen as (
  select * from money_flow
  union all
  select * from accounts_held
  union all
  select * from assets_held
  union all
  select * from contacts
)

select kind, from_kind, from_token, to_kind, to_token, min(known_from) as known_from
from seen
group by kind, from_kind, from_token, to_kind, to_token
