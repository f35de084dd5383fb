-- Watch-listed accounts two steps away: those that dealt with the same third account.
with pairs as (
  select distinct as_of, account_token, direction, counterparty_token
  from {{ ref('int_scoring__legs') }}
),

listed_pairs as (
  select pairs.*
  from pairs
  inner join {{ ref('int_scoring__watch_listed') }} as listed
    on listed.as_of = pairs.as_of
    and listed.account_token = pairs.account_token
)

select
  mine.as_of,
  mine.account_token,
  count(distinct case when mine.direction = 'in' and theirs.direction = 'in' then theirs.account_token end)
    as listed_sharing_senders,
  count(distinct case when mine.direction = 'out' and theirs.direction = 'out' then theirs.account_token end)
    as listed_sharing_receivers,
  count(distinct theirs.account_token) as listed_within_two
from listed_pairs as theirs
inner join pairs as mine
  on mine.as_of = theirs.as_of
  and mine.counterparty_token = theirs.counterparty_token
  and mine.account_token <> theirs.account_token
group by mine.as_of, mine.account_token
