-- One sum in many parts: how often the same two met in the same direction on one day, in Taipei's days.
with days as (
  select as_of, account_token, direction, count(*) as transfers
  from {{ ref('int_scoring__legs') }}
  where account_token <> counterparty_token
  group by as_of, account_token, direction, counterparty_token, {{ taipei_day_number('executed_second') }}
)

select
  as_of,
  account_token,
  max(case when direction = 'in' then transfers else 0 end) as in_repeated_in_a_day,
  max(case when direction = 'out' then transfers else 0 end) as out_repeated_in_a_day
from days
group by as_of, account_token
