with owned as (
  select
    account_token,
    participant as institution,
    holder_token,
    kind,
    opened_on,
    row_number() over (partition by account_token order by participant, submission_id, row_number) as place
  from {{ ref('stg_landing__accounts') }}
),

seen as (
  select sender_account_token as account_token, sender_institution as institution
  from {{ ref('int_transfers__joined') }}
  union distinct
  select receiver_account_token, receiver_institution
  from {{ ref('int_transfers__joined') }}
  union distinct
  select subject_token, participant
  from {{ ref('stg_landing__list_events') }}
  where subject_kind = 'account'
),

-- A token holds its institution's code, so two codes for one token are a disagreement of legs; take the first.
others as (
  select seen.account_token, min(seen.institution) as institution
  from seen
  left join owned on owned.account_token = seen.account_token
  where owned.account_token is null
  group by seen.account_token
)

select account_token, institution, true as owned, holder_token, kind, opened_on
from owned
where place = 1
union all
select
  account_token,
  institution,
  false as owned,
  cast(null as {{ dbt.type_string() }}) as holder_token,
  cast(null as {{ dbt.type_string() }}) as kind,
  cast(null as date) as opened_on
from others
