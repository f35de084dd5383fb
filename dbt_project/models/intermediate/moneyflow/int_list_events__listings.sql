-- Only a court, a prosecutor or the judicial police can watch-list, and only an account.
with events as (
  select
    subject_token as account_token,
    participant as institution,
    event,
    occurred_at,
    case_no,
    reported_loss_cents
  from {{ ref('stg_landing__list_events') }}
  where list_name = 'watch_listed'
    and subject_kind = 'account'
    and (event <> 'listed' or agency in ('court', 'prosecutor', 'police'))
),

-- A listing lasts until the first event that ends it; what is listed after that is a new listing.
numbered as (
  select
    *,
    coalesce(sum(case when event in ('lifted', 'expired') then 1 else 0 end) over (
      partition by account_token order by occurred_at, case when event in ('lifted', 'expired') then 0 else 1 end
      rows between unbounded preceding and current row
    ), 0) - case when event in ('lifted', 'expired') then 1 else 0 end as listing
  from events
),

cases as (
  select account_token, listing, case_no, min(occurred_at) as listed_at, max(reported_loss_cents) as loss_cents
  from numbered
  where event = 'listed'
  group by account_token, listing, case_no
),

totals as (
  select account_token, listing, cast(sum(loss_cents) as {{ dbt.type_bigint() }}) as reported_loss_cents
  from cases
  group by account_token, listing
),

first_cases as (
  select *
  from cases
  where true {# BigQuery wants a where before qualify #}
  qualify row_number() over (partition by account_token, listing order by listed_at, case_no) = 1
),

others as (
  select
    account_token,
    listing,
    min(institution) as institution,
    min(case when event in ('lifted', 'expired') then occurred_at end) as ended_at,
    count(case when event = 'extended' then 1 end) as extensions
  from numbered
  group by account_token, listing
)

select
  first_cases.account_token,
  cast(first_cases.listing as {{ dbt.type_bigint() }}) as listing,
  others.institution,
  first_cases.listed_at,
  totals.reported_loss_cents,
  first_cases.case_no,
  others.ended_at,
  case
    when others.extensions > 0
      then {{ add_years('first_cases.listed_at', var('listing_years') + var('extension_years')) }}
    else {{ add_years('first_cases.listed_at', var('listing_years')) }}
  end as ends_by_law_at
from first_cases
inner join totals using (account_token, listing)
inner join others using (account_token, listing)
