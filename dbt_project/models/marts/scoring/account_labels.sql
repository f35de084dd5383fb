-- What became known later, for training and evaluation only. `is_complete`: the whole horizon lies in the data, so
-- "not listed" means not listed and not "not yet".
with listings as (
  select account_token, min(listed_at) as listed_at
  from {{ ref('int_list_events__listings') }}
  group by account_token
),

last_cut_off as (
  select as_of as end_at from {{ ref('int_moneyflow__as_of') }} where is_latest
)

select
  cut_offs.as_of,
  accounts.account_token,
  coalesce(listings.listed_at < cut_offs.as_of, false) as listed_before,
  coalesce(
    listings.listed_at >= cut_offs.as_of
    and listings.listed_at < {{ add_days('cut_offs.as_of', var('scoring_horizon_days')) }}, false
  ) as listed_within_horizon,
  {{ add_days('cut_offs.as_of', var('scoring_horizon_days')) }} <= last_cut_off.end_at as is_complete
from {{ ref('int_moneyflow__as_of') }} as cut_offs
cross join last_cut_off
cross join {{ ref('int_accounts__known') }} as accounts
left join listings on listings.account_token = accounts.account_token
where accounts.owned
