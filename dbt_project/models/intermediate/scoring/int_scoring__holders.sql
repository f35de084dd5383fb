-- What is known at the cut-off about an account's holder: other listed accounts, personal listings, other industries.
with ties as (
  select cut_offs.as_of, held.account_token, held.identifier_token, held.identifier_kind
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_graph__ties') }} as held
    on held.held_from < cut_offs.as_of
),

-- Below, only the tie of another account counts: an account's own listing must not show in its own row.
listed_ties as (
  select ties.as_of, ties.account_token, ties.identifier_token
  from ties
  inner join {{ ref('int_scoring__watch_listed') }} as listed
    on listed.as_of = ties.as_of
    and listed.account_token = ties.account_token
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

siblings as (
  select mine.as_of, mine.account_token, count(distinct theirs.account_token) as listed_siblings
  from listed_ties as theirs
  inner join ties as mine
    on mine.as_of = theirs.as_of
    and mine.identifier_token = theirs.identifier_token
    and mine.account_token <> theirs.account_token
  group by mine.as_of, mine.account_token
),

shared as (
  select as_of, identifier_token, count(*) as accounts
  from ties
  where identifier_kind <> 'holder'
  group by as_of, identifier_token
),

sharing as (
  select ties.as_of, ties.account_token, max(shared.accounts) as identifier_accounts
  from ties
  inner join shared
    on shared.as_of = ties.as_of
    and shared.identifier_token = ties.identifier_token
  group by ties.as_of, ties.account_token
),

calls as (
  select caller_token as identifier_token, callee_token as other_token, started_at
  from {{ ref('stg_landing__contacts') }}
  union distinct
  select callee_token as identifier_token, caller_token as other_token, started_at
  from {{ ref('stg_landing__contacts') }}
),

dialled as (
  select distinct ties.as_of, ties.account_token, calls.other_token
  from ties
  inner join calls
    on calls.identifier_token = ties.identifier_token
    and calls.started_at < ties.as_of
),

contacts as (
  select
    dialled.as_of,
    dialled.account_token,
    count(distinct case
      when flagged.is_black = 1 or listed_ties.account_token is not null then dialled.other_token
    end) as flagged_contacts,
    count(distinct listed_ties.account_token) as listed_contacts
  from dialled
  left join {{ ref('int_scoring__flagged_identifiers') }} as flagged
    on flagged.as_of = dialled.as_of
    and flagged.identifier_token = dialled.other_token
  left join listed_ties
    on listed_ties.as_of = dialled.as_of
    and listed_ties.identifier_token = dialled.other_token
    and listed_ties.account_token <> dialled.account_token
  group by dialled.as_of, dialled.account_token
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
  coalesce(sharing.identifier_accounts, 0) as identifier_accounts,
  coalesce(contacts.flagged_contacts, 0) as flagged_contacts,
  coalesce(contacts.listed_contacts, 0) as listed_contacts
from holders
left join named on named.as_of = holders.as_of and named.account_token = holders.account_token
left join siblings on siblings.as_of = holders.as_of and siblings.account_token = holders.account_token
left join sharing on sharing.as_of = holders.as_of and sharing.account_token = holders.account_token
left join contacts on contacts.as_of = holders.as_of and contacts.account_token = holders.account_token
