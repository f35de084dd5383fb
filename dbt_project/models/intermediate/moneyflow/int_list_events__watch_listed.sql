with data_end as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

listings as (
  select
    listings.*,
    coalesce(
      listings.ended_at,
      case when listings.ends_by_law_at < data_end.as_of then listings.ends_by_law_at end
    ) as lifted_at,
    row_number() over (partition by listings.account_token order by listings.listing) as place,
    row_number() over (partition by listings.account_token order by listings.listing desc) as place_from_last
  from {{ ref('int_list_events__listings') }} as listings
  cross join data_end
),

totals as (
  select account_token, cast(sum(reported_loss_cents) as {{ dbt.type_bigint() }}) as reported_loss_cents
  from listings
  group by account_token
)

-- Known since the first listing; lifted only if the last one ended.
select
  earliest.account_token,
  earliest.institution,
  earliest.listed_at,
  totals.reported_loss_cents,
  earliest.case_no,
  latest.lifted_at
from listings as earliest
inner join listings as latest on latest.account_token = earliest.account_token and latest.place_from_last = 1
inner join totals on totals.account_token = earliest.account_token
where earliest.place = 1
