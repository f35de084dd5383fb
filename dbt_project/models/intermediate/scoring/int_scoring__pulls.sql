-- Where a random walk's next step goes: to a counterparty, the less likely the more days the two dealt on. Who meets
-- once is no routine; several payments of one day count once, so that splitting a sum changes nothing.
{% set bigint = dbt.type_bigint() %}

with pairs as (
  select
    as_of,
    account_token,
    counterparty_token,
    cast(floor(1000000 / count(distinct {{ taipei_day_number('executed_second') }})) as {{ bigint }}) as strength
  from {{ ref('int_scoring__legs') }}
  where account_token <> counterparty_token
  group by as_of, account_token, counterparty_token
)

select
  pairs.as_of,
  pairs.account_token,
  pairs.counterparty_token,
  pairs.strength,
  cast(sum(pairs.strength) over (partition by pairs.as_of, pairs.account_token) as {{ bigint }}) as strength_from,
  cast(sum(pairs.strength) over (partition by pairs.as_of, pairs.counterparty_token) as {{ bigint }}) as strength_to,
  listed.account_token is not null as from_listed
from pairs
left join {{ ref('int_scoring__watch_listed') }} as listed
  on listed.as_of = pairs.as_of and listed.account_token = pairs.account_token
