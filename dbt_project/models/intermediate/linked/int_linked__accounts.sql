-- What began after the cut-off neither links nor makes an identifier too wide.
with ties as (
  select cut_offs.as_of, held.account_token, held.identifier_token, held.held_from, rule.link_limit
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_graph__ties') }} as held
    on held.held_from < cut_offs.as_of
  inner join {{ ref('int_linked__rule') }} as rule
    on rule.identifier_kind = held.identifier_kind
),

narrow as (
  select as_of, identifier_token
  from ties
  group by as_of, identifier_token
  having count(*) > 1 and count(*) <= max(link_limit)
)

select
  mine.as_of,
  mine.account_token as from_account_token,
  mine.identifier_token,
  theirs.account_token as to_account_token,
  greatest(mine.held_from, theirs.held_from) as held_from
from narrow
inner join ties as mine
  on mine.as_of = narrow.as_of
  and mine.identifier_token = narrow.identifier_token
inner join ties as theirs
  on theirs.as_of = narrow.as_of
  and theirs.identifier_token = narrow.identifier_token
  and theirs.account_token <> mine.account_token
