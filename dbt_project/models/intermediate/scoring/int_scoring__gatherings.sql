-- Gather-scatter: money of many comes in, then goes out to many. Of each sender the first payment counts and of each
-- receiver the last: running counts then tell at every second how many senders there were and how many receivers are
-- still to come. The lesser of the two is the breadth.
{% set along = 'partition by as_of, account_token order by executed_second' %}

with others as (
  select
    as_of,
    account_token,
    direction,
    case when direction = 'in' then min(executed_second) else max(executed_second) end as executed_second
  from {{ ref('int_scoring__legs') }}
  where is_recent
    and counterparty_token <> account_token
  group by as_of, account_token, direction, counterparty_token
),

running as (
  select
    as_of,
    account_token,
    sum(case when direction = 'in' then 1 else 0 end)
      over ({{ along }} range between unbounded preceding and current row) as senders_so_far,
    sum(case when direction = 'out' then 1 else 0 end)
      over ({{ along }} range between 1 following and unbounded following) as receivers_to_come
  from others
)

select
  as_of,
  account_token,
  cast(max(least(senders_so_far, coalesce(receivers_to_come, 0))) as {{ dbt.type_bigint() }}) as gathered_and_scattered
from running
group by as_of, account_token
