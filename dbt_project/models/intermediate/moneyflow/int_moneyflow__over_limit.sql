-- Nothing where the rule sets no limit. Degrees are those of all transfers before the cut-off, whenever they happen.
with asked as (
  select cut_offs.cut_off, rule.hub_limit, rule.keep_latest
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  cross join {{ ref('int_moneyflow__rule') }} as rule
  where rule.hub_limit is not null or rule.keep_latest is not null
),

-- Each transfer once for either of its ends: forward it leaves its sender, backward its receiver.
leaving as (
  select
    asked.cut_off,
    asked.hub_limit,
    asked.keep_latest,
    steps.direction,
    steps.from_account_token as account_token,
    steps.executed_at,
    steps.transfer_id,
    row_number() over (
      partition by asked.cut_off, steps.direction, steps.from_account_token
      order by steps.executed_at desc, steps.transfer_id desc
    ) as place
  from asked
  inner join {{ ref('int_moneyflow__steps') }} as steps on steps.executed_at < asked.cut_off
),

directions as (
  select 'forward' as direction
  union all
  select 'backward' as direction
),

degrees as (
  select cut_off, account_token, count(*) as transfers, max(hub_limit) as hub_limit
  from leaving
  group by cut_off, account_token
),

kept as (
  select
    cut_off,
    direction,
    account_token,
    min(case when place = keep_latest then executed_at end) as keeps_from_at,
    min(case when place = keep_latest then transfer_id end) as keeps_from_id
  from leaving
  group by cut_off, direction, account_token
  having max(place) > max(keep_latest)
)

select
  degrees.cut_off,
  ways.direction,
  degrees.account_token,
  degrees.transfers,
  coalesce(degrees.transfers > degrees.hub_limit, false) as is_hub,
  kept.keeps_from_at,
  kept.keeps_from_id
from degrees
cross join directions as ways
left join kept
  on kept.cut_off = degrees.cut_off
  and kept.direction = ways.direction
  and kept.account_token = degrees.account_token
where degrees.transfers > degrees.hub_limit or kept.keeps_from_at is not null
