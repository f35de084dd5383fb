-- Gathering and scattering, seen from those who only paid or were paid: how many others did the same on the same day.
{% set a_day = 86399 %}

with counted as (
  select
    *,
    count(*) over (
      partition by as_of, receiver_account_token
      order by executed_second range between {{ a_day }} preceding and {{ a_day }} following
    ) as payers,
    count(*) over (
      partition by as_of, sender_account_token
      order by executed_second range between {{ a_day }} preceding and {{ a_day }} following
    ) as payees
  from {{ ref('int_scoring__single_pairs') }}
),

parts as (
  select as_of, sender_account_token as account_token, 'paying' as part, payers as crowd from counted
  union all
  select as_of, receiver_account_token as account_token, 'paid' as part, payees as crowd from counted
)

select
  as_of,
  account_token,
  {%- for part in ['paying', 'paid'] %}
  max(case when part = '{{ part }}' then crowd else 0 end) as {{ part }}_crowd,
  count(case when part = '{{ part }}' and crowd >= {{ var('scoring_crowd') }} then 1 end) as {{ part }}_in_crowds
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
from parts
group by as_of, account_token
