-- Fan-in and fan-out: how many transfers, how much, with how many others, at what times, in what form.
{% set bigint = dbt.type_bigint() %}

select
  as_of,
  account_token,
  {%- for side in ['in', 'out'] %}
  {%- for span, inside in [('', ''), ('recent_', ' and is_recent')] %}
  {%- set here = "direction = '" ~ side ~ "'" ~ inside %}
  count(case when {{ here }} then 1 end) as {{ side }}_{{ span }}transfers,
  cast(sum(case when {{ here }} then amount_cents else 0 end) as {{ bigint }}) as {{ side }}_{{ span }}cents,
  count(distinct case when {{ here }} then counterparty_token end) as {{ side }}_{{ span }}counterparties,
  {%- endfor %}
  max(case when direction = '{{ side }}' then amount_cents else 0 end) as {{ side }}_largest_cents,
  min(case when direction = '{{ side }}' then amount_cents end) as {{ side }}_smallest_cents,
  {%- endfor %}
  count(*) as transfers,
  count(distinct counterparty_institution) as institutions,
  count(case when is_night then 1 end) as night_transfers,
  count(case when is_round then 1 end) as round_transfers,
  count(case when preregistered then 1 end) as preregistered_transfers,
  max(case when not is_recent then executed_second end) as last_second_before_window,
  min(case when is_recent then executed_second end) as first_second_in_window
from {{ ref('int_scoring__legs') }}
group by as_of, account_token
