-- Identifiers with a bad name at the cut-off: on another industry's list or on a list of the banks'.
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
)

select
  as_of,
  identifier_token,
  cast(max(case when flag = 'black' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_black,
  cast(max(case when flag = 'grey' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_grey,
  cast(max(case when flag = 'person' then 1 else 0 end) as {{ dbt.type_bigint() }}) as is_person_listed
from flags
group by as_of, identifier_token
