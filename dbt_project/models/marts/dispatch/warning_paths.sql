{%- set last_layer = var('last_layer', 6) | int(6) %}
with latest as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

arrivals as (
  select
    arrivals.account_token,
    arrivals.layer,
    arrivals.is_first,
    arrivals.via_transfer_id,
    arrivals.from_transfer_id
  from {{ ref('int_moneyflow__arrivals') }} as arrivals
  inner join latest on latest.as_of = arrivals.as_of
  where arrivals.direction = 'forward' and arrivals.layer > 0
),

-- From each warned account back, one transfer at a time, to the watch-listed account where the walk began.
back_0 as (
  select
    candidates.account_token as warned_account_token,
    arrivals.layer,
    arrivals.via_transfer_id,
    arrivals.from_transfer_id
  from {{ ref('warning_candidates') }} as candidates
  inner join arrivals
    on arrivals.account_token = candidates.account_token
    and arrivals.layer = candidates.layer
    and arrivals.is_first
),
{%- for back in range(1, last_layer) %}

back_{{ back }} as (
  select
    earlier.warned_account_token,
    arrivals.layer,
    arrivals.via_transfer_id,
    arrivals.from_transfer_id
  from back_{{ back - 1 }} as earlier
  inner join arrivals
    on arrivals.via_transfer_id = earlier.from_transfer_id
    and arrivals.layer = earlier.layer - 1
),
{%- endfor %}

steps as (
  {%- for back in range(last_layer) %}
  select warned_account_token, layer, via_transfer_id from back_{{ back }}
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)

select
  steps.warned_account_token as account_token,
  steps.layer,
  transfers.executed_at,
  transfers.sender_institution,
  transfers.receiver_institution,
  transfers.amount_cents
from steps
inner join {{ ref('int_transfers__joined') }} as transfers on transfers.transfer_id = steps.via_transfer_id
