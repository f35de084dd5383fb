with latest as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

watch_listed as (
  select watch_listed.account_token
  from {{ ref('int_list_events__watch_listed') }} as watch_listed
  inner join latest
    on watch_listed.listed_at < latest.as_of
    and coalesce(watch_listed.lifted_at, latest.as_of) >= latest.as_of
),

-- Only what a released model said, at the latest cut-off; a watch-listed account is under control already.
scored as (
  select scores.*
  from {{ source('released', 'account_scores') }} as scores
  inner join latest on latest.as_of = scores.as_of
  left join watch_listed on watch_listed.account_token = scores.account_token
  where scores.mode = 'released'
    and scores.release_id = '{{ var("release_id", "") }}'
    and watch_listed.account_token is null
)

select
  release_id,
  as_of,
  account_token,
  institution,
  score,
  round(score / nullif(avg(score) over (), 0), 6) as times_average,
  cast(row_number() over (order by rank, account_token) as {{ dbt.type_bigint() }}) as place,
  reasons
from scored
