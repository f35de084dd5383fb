-- What hangs together with an account: its holder, the phones, devices and platform accounts of that holder, and a
-- device that holds the account itself. `held_from` is null where the tie has no beginning on record.
with owned as (
  select account_token, holder_token
  from {{ ref('int_accounts__known') }}
  where owned
),

ties as (
  select account_token, holder_token as identifier_token, cast(null as {{ dbt.type_timestamp() }}) as held_from
  from owned
  union all
  select owned.account_token, holdings.asset_token, holdings.held_from
  from owned
  inner join {{ ref('stg_landing__holdings') }} as holdings
    on holdings.holder_token = owned.holder_token
    and holdings.asset_kind <> 'account'
  union all
  select owned.account_token, holdings.holder_token, holdings.held_from
  from owned
  inner join {{ ref('stg_landing__holdings') }} as holdings
    on holdings.asset_token = owned.account_token
    and holdings.asset_kind = 'account'
)

select
  account_token,
  identifier_token,
  min(held_from) as held_from,
  cast(min(case when held_from is null then 0 else 1 end) as {{ dbt.type_bigint() }}) as is_dated
from ties
group by account_token, identifier_token
