-- What hangs together with an account: who or what holds it, and what its holders hold besides.
with holds as (
  select * from {{ ref('int_graph__edges') }} where kind = 'holds'
),

direct as (
  select
    to_token as account_token,
    from_token as identifier_token,
    from_kind as identifier_kind,
    known_from as held_from
  from holds
  where to_kind = 'account'
),

through_holder as (
  select
    direct.account_token,
    holds.to_token as identifier_token,
    holds.to_kind as identifier_kind,
    greatest(direct.held_from, holds.known_from) as held_from
  from direct
  inner join holds on holds.from_token = direct.identifier_token
  where direct.identifier_kind = 'holder'
    and holds.to_kind <> 'account'
),

ties as (
  select * from direct
  union all
  select * from through_holder
)

select account_token, identifier_token, identifier_kind, min(held_from) as held_from
from ties
group by account_token, identifier_token, identifier_kind
