-- How near an account stands to watch-listed ones in the graph of who dealt with whom, by random walks of up to three
-- steps (Page et al. 1999, personalised by the listed; cut off where little is left, Andersen, Chung and Lang 2006).
-- Billionths, rounded down at each step, so that both engines agree. A walk that comes to an account with so many
-- counterparties that next to nothing of it goes on to any one (a shop, a power company) ends there.
{% set bigint = dbt.type_bigint() %}
{% set steps = [1, 2, 3] %}

with widths as (
  select as_of, account_token, max(strength_from) as strength_from
  from {{ ref('int_scoring__pulls') }}
  group by as_of, account_token
),

-- `reached`: walks from the listed account that come here. `reaching`: walks from here that come to it.
step_0 as (
  select as_of, 'reached' as way, account_token as listed_token, account_token, cast(1000000000 as {{ bigint }}) as ppb
  from {{ ref('int_scoring__watch_listed') }}
  union all
  select as_of, 'reaching' as way, account_token as listed_token, account_token, cast(1000000000 as {{ bigint }}) as ppb
  from {{ ref('int_scoring__watch_listed') }}
),
{% for step in steps %}
moves_{{ step }} as (
  select
    before.as_of,
    before.way,
    before.listed_token,
    pulls.counterparty_token as account_token,
    pulls.from_listed,
    floor(
      before.ppb * pulls.strength
      / case when before.way = 'reached' then pulls.strength_from else pulls.strength_to end
    ) as ppb
  from step_{{ step - 1 }} as before
  inner join widths
    on widths.as_of = before.as_of
    and widths.account_token = before.account_token
    and (
      before.way = 'reaching'
      or before.ppb * 1000000 >= {{ var('scoring_walk_least_step_ppb') }} * widths.strength_from
    )
  inner join {{ ref('int_scoring__pulls') }} as pulls
    on pulls.as_of = before.as_of and pulls.account_token = before.account_token
),

step_{{ step }} as (
  select
    as_of,
    way,
    listed_token,
    account_token,
    cast(sum(ppb) as {{ bigint }}) as ppb,
    cast(sum(case when from_listed then ppb else 0 end) as {{ bigint }}) as direct_ppb
  from moves_{{ step }}
  group by as_of, way, listed_token, account_token
  having sum(ppb) >= {{ var('scoring_walk_least_ppb') }}
),
{% endfor %}
-- Below, an account's own listing plays no part.
shares as (
  {%- for step in steps %}
  select as_of, way, account_token, {{ step }} as step, sum(ppb) as ppb, sum(direct_ppb) as direct_ppb
  from step_{{ step }}
  where account_token <> listed_token
  group by as_of, way, account_token
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
),

parts as (
  select
    as_of,
    account_token,
    {%- for way in ['reached', 'reaching'] %}
    {%- for step in steps %}
    sum(case when way = '{{ way }}' and step = {{ step }} then ppb else 0 end) as {{ way }}_{{ step }},
    sum(case when way = '{{ way }}' and step = {{ step }} then direct_ppb else 0 end) as {{ way }}_direct_{{ step }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
  from shares
  group by as_of, account_token
)

-- A step further counts twice: an account put in between halves a walk's chance and lengthens it by one. With one in
-- between every direct dealing with a listed account, what came directly comes a step later, at half its chance.
select
  as_of,
  account_token,
  {%- for way in ['reached', 'reaching'] %}
  {%- set two_evading = '2 * (' ~ way ~ '_2 - ' ~ way ~ '_direct_2) + ' ~ way ~ '_direct_1' %}
  cast({{ way }}_1 + 2 * {{ way }}_2 as {{ bigint }}) as {{ way }}_two_ppb,
  cast({{ way }}_1 + 2 * {{ way }}_2 + 4 * {{ way }}_3 as {{ bigint }}) as {{ way }}_three_ppb,
  cast({{ two_evading }} as {{ bigint }}) as {{ way }}_two_evading_ppb,
  cast({{ two_evading }} + 4 * ({{ way }}_3 - {{ way }}_direct_3) + 2 * {{ way }}_direct_2 as {{ bigint }})
    as {{ way }}_three_evading_ppb
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
from parts
