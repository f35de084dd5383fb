with latest as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

watch_listed as (
  select watch_listed.account_token
  from {{ ref('int_list_events__watch_listed') }} as watch_listed
  inner join latest on watch_listed.listed_at < latest.as_of
),

-- The latest scores, released or in shadow: how good a model is does not depend on whether it may speak.
scored as (
  select
    scores.*,
    row_number() over (
      partition by scores.account_token
      order by case when scores.mode = 'released' then 0 else 1 end, scores.release_id
    ) as choice
  from {{ source('released', 'account_scores') }} as scores
  inner join latest on latest.as_of = scores.as_of
)

select
  scored.as_of,
  scored.account_token,
  scored.institution,
  scored.mode,
  scored.release_id,
  scored.score,
  scored.baseline_score,
  cast(
    row_number() over (order by scored.rank, scored.account_token) as {{ dbt.type_bigint() }}
  ) as place,
  cast(
    row_number() over (order by scored.baseline_score desc, scored.account_token) as {{ dbt.type_bigint() }}
  ) as baseline_place
from scored
left join watch_listed on watch_listed.account_token = scored.account_token
where scored.choice = 1 and watch_listed.account_token is null
