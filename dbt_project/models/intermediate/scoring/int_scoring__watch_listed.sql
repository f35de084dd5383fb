-- Listings that were known and in force at the cut-off. What happens later does not exist for this row: neither a
-- later listing, nor a loss that a later case reports.
with active as (
  select cut_offs.as_of, listings.account_token, min(listings.listed_at) as listed_at
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_list_events__listings') }} as listings
    on listings.listed_at < cut_offs.as_of
    and listings.ends_by_law_at >= cut_offs.as_of
    and (listings.ended_at is null or listings.ended_at >= cut_offs.as_of)
  group by cut_offs.as_of, listings.account_token
),

cases as (
  select active.as_of, active.account_token, events.case_no, max(events.reported_loss_cents) as loss_cents
  from active
  inner join {{ ref('stg_landing__list_events') }} as events
    on events.subject_token = active.account_token
    and events.list_name = 'watch_listed'
    and events.event = 'listed'
    and events.occurred_at < active.as_of
  group by active.as_of, active.account_token, events.case_no
),

losses as (
  select as_of, account_token, sum(loss_cents) as loss_cents
  from cases
  group by as_of, account_token
)

select
  active.as_of,
  active.account_token,
  active.listed_at,
  cast(coalesce(losses.loss_cents, 0) as {{ dbt.type_bigint() }}) as reported_loss_cents
from active
left join losses on losses.as_of = active.as_of and losses.account_token = active.account_token
