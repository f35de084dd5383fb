with listings as (
  select * from {{ ref('int_list_events__listings') }}
),

-- Listed before the cut-off and not yet ended at it: what happens later must not be known.
active as (
  select cut_offs.as_of, listings.account_token, listings.listed_at
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join listings
    on listings.listed_at < cut_offs.as_of
    and coalesce(listings.ended_at, listings.ends_by_law_at) >= cut_offs.as_of
    and listings.ends_by_law_at >= cut_offs.as_of
),

starts as (
  select as_of, 'forward' as direction, account_token,
    {{ add_days('listed_at', '-' ~ var('lookback_days')) }} as arrived_at
  from active
  union all
  select as_of, 'backward' as direction, account_token, listed_at as arrived_at
  from active
)

select
  as_of,
  direction,
  account_token,
  cast(0 as {{ dbt.type_bigint() }}) as layer,
  arrived_at,
  cast(null as {{ dbt.type_string() }}) as via_transfer_id,
  cast(null as {{ dbt.type_string() }}) as from_account_token,
  account_token as start_account_token
from starts
