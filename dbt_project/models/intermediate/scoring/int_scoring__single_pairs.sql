-- Who paid whom on one day only within the history. Payments of one day count as one: splitting a sum makes no routine.
{% set day = taipei_day_number('executed_second') %}

select
  as_of,
  account_token as sender_account_token,
  counterparty_token as receiver_account_token,
  min(executed_second) as executed_second
from {{ ref('int_scoring__legs') }}
where direction = 'out'
  and account_token <> counterparty_token
group by as_of, account_token, counterparty_token
having min({{ day }}) = max({{ day }})
