-- Not passed: a hub, except where the walk begins. Passed with the latest of its transfers only: any other account.
{%- set last_layer = 6 %}
with reached as (
  select
    layers.as_of,
    layers.direction,
    layers.account_token,
    layers.layer,
    over_limit.transfers,
    over_limit.is_hub and layers.layer > 0 as stops_here,
    over_limit.keeps_from_at is not null as keeps_latest
  from {{ ref('int_moneyflow__layers') }} as layers
  inner join {{ ref('int_moneyflow__as_of') }} as cut_offs on cut_offs.as_of = layers.as_of
  inner join {{ ref('int_moneyflow__over_limit') }} as over_limit
    on over_limit.cut_off = cut_offs.cut_off
    and over_limit.direction = layers.direction
    and over_limit.account_token = layers.account_token
  where layers.layer < {{ last_layer }}
),

limited as (
  select *, 'hub' as limited_as from reached where stops_here
  union all
  select *, 'truncated' as limited_as from reached where keeps_latest and not stops_here
)

select as_of, direction, account_token, limited_as, min(layer) as layer, max(transfers) as transfers
from limited
group by as_of, direction, account_token, limited_as
