with listings as (
  select
    watch_listed.*,
    -- Lifted before the law would have ended it: taken back, so nothing was lost to this account.
    coalesce(
      watch_listed.lifted_at < {{ add_years('watch_listed.listed_at', var('listing_years')) }}, false
    ) as taken_back
  from {{ ref('int_list_events__watch_listed') }} as watch_listed
)

select
  account_token,
  institution,
  listed_at,
  case_no,
  taken_back,
  cast(coalesce(reported_loss_cents, 0) as {{ dbt.type_bigint() }}) as reported_loss_cents,
  cast(
    case when taken_back then 0 else coalesce(reported_loss_cents, 0) end as {{ dbt.type_bigint() }}
  ) as counted_loss_cents
from listings
