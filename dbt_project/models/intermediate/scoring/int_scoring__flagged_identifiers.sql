-- Identifiers with a bad name at the cut-off: on another industry's list, on a list of the banks', or tied to a
-- watch-listed account.
with flags as (
  select cut_offs.as_of, listed.identifier_token, listed.list_name as flag
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('stg_landing__cross_industry_list') }} as listed
    on listed.listed_at < cut_offs.as_of
    and (listed.lifted_at is null or listed.lifted_at >= cut_offs.as_of)
  union all
  select cut_offs.as_of, events.subject_token as identifier_token, 'person' as flag
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('stg_landing__list_events') }} as events
    on events.occurred_at < cut_offs.as_of
    and events.subject_kind = 'person'
    and events.event = 'listed'
  union all
  select listed.as_of, ties.identifier_token, 'tied' as flag
  from {{ ref('int_scoring__watch_listed') }} as listed
  inner join {{ ref('int_scoring__identifiers') }} as ties
    on ties.account_token = listed.account_token
    and (ties.is_dated = 0 or ties.held_from < listed.as_of)
)

select
  as_of,
  identifier_token,
  cast(max(case when flag = 'black' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_black,
  cast(max(case when flag = 'grey' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_grey,
  cast(max(case when flag = 'person' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_person_listed,
  cast(max(case when flag = 'tied' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_tied
from flags
group by as_of, identifier_token
