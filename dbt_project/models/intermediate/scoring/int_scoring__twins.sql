-- Bipartite groups and stacks: accounts that were paid by the same accounts, or paid the same ones, once and within few
-- days. Whoever deals with more than scoring_twin_transfers others so within the span (a shop, a payroll) makes nobody
-- twins of another.
{% set span = var('scoring_twin_hours') * 3600 %}
{% set sides = [('senders', 'sender', 'receiver'), ('receivers', 'receiver', 'sender')] %}

with dealings as (
  {%- for others, other, own in sides %}
  select
    as_of,
    '{{ others }}' as others,
    {{ own }}_account_token as account_token,
    {{ other }}_account_token as other_token,
    executed_second
  from {{ ref('int_scoring__single_pairs') }}
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
),

counted as (
  select
    *,
    count(*) over (
      partition by as_of, others, other_token
      order by executed_second range between {{ span }} preceding and {{ span }} following
    ) as of_the_other
  from dealings
),

quiet as (
  select * from counted where of_the_other <= {{ var('scoring_twin_transfers') }}
),

pairs as (
  select mine.as_of, mine.others, mine.account_token, theirs.account_token as twin_token, count(*) as in_common
  from quiet as mine
  inner join quiet as theirs
    on theirs.as_of = mine.as_of
    and theirs.others = mine.others
    and theirs.other_token = mine.other_token
    and theirs.account_token <> mine.account_token
    and theirs.executed_second between mine.executed_second - {{ span }} and mine.executed_second + {{ span }}
  group by mine.as_of, mine.others, mine.account_token, theirs.account_token
  having count(*) > 1
)

select
  as_of,
  account_token,
  {%- for others, other, own in sides %}
  count(case when others = '{{ others }}' then 1 end) as twins_by_{{ others }},
  max(case when others = '{{ others }}' then in_common else 0 end) as {{ others }}_in_common
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
from pairs
group by as_of, account_token
