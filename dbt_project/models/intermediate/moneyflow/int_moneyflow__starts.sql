with listings as (
  select * from {{ ref('int_list_events__listings') }}
),

-- Listed before the cut-off and not yet ended at it: what happens later must not be known.
active as (
  select cut_offs.cut_off, listings.account_token, listings.listed_at
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join listings
    on listings.listed_at < cut_offs.as_of
    and coalesce(listings.ended_at, listings.ends_by_law_at) >= cut_offs.as_of
    and listings.ends_by_law_at >= cut_offs.as_of
),

starts as (
  select cut_off, 'forward' as direction, account_token,
    {{ add_days('listed_at', '-' ~ var('lookback_days')) }} as begins_at
  from active
  union all
  select cut_off, 'backward' as direction, account_token, listed_at as begins_at
  from active
)

select cut_off, direction, account_token, begins_at, {{ moneyflow_clock('direction', 'begins_at') }} as clock
from starts
