-- Fast in, fast out: how soon after money came in did money leave, and how much of it.
{% set bigint = dbt.type_bigint() %}
{% set soon_seconds = var('scoring_passage_hours') * 3600 %}
{% set along = 'partition by as_of, account_token order by executed_second' %}

with ahead as (
  select
    as_of,
    account_token,
    direction,
    amount_cents,
    executed_second,
    min(case when direction = 'out' then executed_second end)
      over ({{ along }} range between 1 following and unbounded following) as next_out_second,
    sum(case when direction = 'out' then amount_cents else 0 end)
      over ({{ along }} range between 1 following and {{ soon_seconds }} following) as out_soon_cents
  from {{ ref('int_scoring__legs') }}
),

arrivals as (
  select
    as_of,
    account_token,
    amount_cents,
    next_out_second - executed_second as seconds_to_leave,
    least(amount_cents, coalesce(out_soon_cents, 0)) as passed_cents
  from ahead
  where direction = 'in'
),

ranked as (
  select
    *,
    row_number() over (
      partition by as_of, account_token, seconds_to_leave is not null order by seconds_to_leave
    ) as place,
    count(*) over (partition by as_of, account_token, seconds_to_leave is not null) as places
  from arrivals
)

select
  as_of,
  account_token,
  min(seconds_to_leave) as min_seconds_to_leave,
  -- The middle one, or the mean of the middle two.
  cast(floor(avg(
    case when 2 * place in (places, places + 1, places + 2) then seconds_to_leave end
  )) as {{ bigint }}) as median_seconds_to_leave,
  cast(sum(passed_cents) as {{ bigint }}) as passed_cents,
  count(case when 5 * passed_cents >= 4 * amount_cents then 1 end) as passed_on_transfers,
  count(case when seconds_to_leave <= 86400 then 1 end) as left_within_day_transfers
from ranked
group by as_of, account_token
