-- An account without any edge (listed, but without a transfer or a holder on record) is a node all the same.
with ends as (
  select from_kind as kind, from_token as node_token, known_from from {{ ref('int_graph__edges') }}
  union all
  select to_kind as kind, to_token as node_token, known_from from {{ ref('int_graph__edges') }}
  union all
  select 'account' as kind, account_token as node_token, cast(null as {{ dbt.type_timestamp() }}) as known_from
  from {{ ref('int_accounts__known') }}
)

select node_token, kind, min(known_from) as known_from
from ends
group by node_token, kind
