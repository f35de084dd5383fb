-- What is known at the cut-off about an account's holder: other listed accounts, personal listings, other industries.
with ties as (
  select cut_offs.as_of, identifiers.account_token, identifiers.identifier_token
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_scoring__identifiers') }} as identifiers
    on (identifiers.is_dated = 0 or identifiers.held_from < cut_offs.as_of)
),

named as (
  select
    ties.as_of,
    ties.account_token,
    max(flagged.is_black) as black_identifiers,
    max(flagged.is_grey) as grey_identifiers,
    max(flagged.is_person_listed) as person_listings
  from ties
  inner join {{ ref('int_scoring__flagged_identifiers') }} as flagged
    on flagged.as_of = ties.as_of
    and flagged.identifier_token = ties.identifier_token
  group by ties.as_of, ties.account_token
),

-- Only a tie to another account counts: an account's own listing must not show in its own row.
siblings as (
  select mine.as_of, mine.account_token, count(distinct theirs.account_token) as listed_siblings
  from ties as mine
  inner join ties as theirs
    on theirs.as_of = mine.as_of
    and theirs.identifier_token = mine.identifier_token
    and theirs.account_token <> mine.account_token
  inner join {{ ref('int_scoring__watch_listed') }} as listed
    on listed.as_of = theirs.as_of
    and listed.account_token = theirs.account_token
  group by mine.as_of, mine.account_token
),

calls as (
  select caller_token as identifier_token, callee_token as other_token, started_at
  from {{ ref('stg_landing__contacts') }}
  union all
  select callee_token as identifier_token, caller_token as other_token, started_at
  from {{ ref('stg_landing__contacts') }}
),

contacts as (
  select ties.as_of, ties.account_token, count(distinct calls.other_token) as flagged_contacts
  from ties
  inner join calls
    on calls.identifier_token = ties.identifier_token
    and calls.started_at < ties.as_of
  inner join {{ ref('int_scoring__flagged_identifiers') }} as flagged
    on flagged.as_of = ties.as_of
    and flagged.identifier_token = calls.other_token
    and (flagged.is_black = 1 or flagged.is_tied = 1)
  group by ties.as_of, ties.account_token
),

holders as (
  select distinct as_of, account_token
  from ties
)

select
  holders.as_of,
  holders.account_token,
  cast(coalesce(named.black_identifiers, 0) as {{ dbt.type_bigint() }}) as black_identifiers,
  cast(coalesce(named.grey_identifiers, 0) as {{ dbt.type_bigint() }}) as grey_identifiers,
  cast(coalesce(named.person_listings, 0) as {{ dbt.type_bigint() }}) as person_listings,
  coalesce(siblings.listed_siblings, 0) as listed_siblings,
  coalesce(contacts.flagged_contacts, 0) as flagged_contacts
from holders
left join named on named.as_of = holders.as_of and named.account_token = holders.account_token
left join siblings on siblings.as_of = holders.as_of and siblings.account_token = holders.account_token
left join contacts on contacts.as_of = holders.as_of and contacts.account_token = holders.account_token
