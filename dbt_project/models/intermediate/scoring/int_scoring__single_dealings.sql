-- Dealings that were not repeated: with how many, and with how many of them within one day.
with both_ends as (
  select as_of, 'senders' as others, receiver_account_token as account_token, executed_second
  from {{ ref('int_scoring__single_pairs') }}
  union all
  select as_of, 'receivers' as others, sender_account_token as account_token, executed_second
  from {{ ref('int_scoring__single_pairs') }}
),

running as (
  select
    *,
    count(*) over (
      partition by as_of, others, account_token order by executed_second range between 86399 preceding and current row
    ) as within_a_day
  from both_ends
)

select
  as_of,
  account_token,
  {%- for others in ['senders', 'receivers'] %}
  count(case when others = '{{ others }}' then 1 end) as single_{{ others }},
  max(case when others = '{{ others }}' then within_a_day else 0 end) as single_{{ others }}_in_a_day
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
from running
group by as_of, account_token
