-- What came in lately and still rests on the account: where a notice can still stop money. A balance begins at nothing;
-- where more leaves than is there, the rest was there before (docs/layers.md): the running sum less the least that it
-- ever was. Of one second, what leaves goes first.
{% set bigint = dbt.type_bigint() %}

with changes as (
  select
    as_of,
    account_token,
    direction,
    executed_second,
    case when direction = 'in' then amount_cents else -amount_cents end as cents,
    case when direction = 'in' and is_recent then amount_cents else 0 end as recent_cents
  from {{ ref('int_scoring__legs') }}
  where account_token <> counterparty_token
),

running as (
  select
    *,
    sum(cents) over (
      partition by as_of, account_token order by executed_second, direction desc
      range between unbounded preceding and current row
    ) as balance_cents
  from changes
)

select
  as_of,
  account_token,
  cast(
    least(sum(cents) - least(min(balance_cents), 0), sum(recent_cents)) as {{ bigint }}
  ) as resting_cents
from running
group by as_of, account_token
