{%- set last_layer = var('last_layer', 6) | int(6) %}
with latest as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

layers as (
  select layers.account_token, layers.layer, layers.via_transfer_id, layers.from_account_token
  from {{ ref('int_moneyflow__layers') }} as layers
  inner join latest on latest.as_of = layers.as_of
  where layers.direction = 'forward' and layers.layer > 0
),

-- From each warned account back, one transfer at a time, to the watch-listed account where the walk began.
back_0 as (
  select
    candidates.account_token as warned_account_token,
    layers.layer,
    layers.via_transfer_id,
    layers.from_account_token
  from {{ ref('warning_candidates') }} as candidates
  inner join layers on layers.account_token = candidates.account_token and layers.layer = candidates.layer
),
{%- for back in range(1, last_layer) %}

back_{{ back }} as (
  select
    earlier.warned_account_token,
    layers.layer,
    layers.via_transfer_id,
    layers.from_account_token
  from back_{{ back - 1 }} as earlier
  inner join layers
    on layers.account_token = earlier.from_account_token
    and layers.layer = earlier.layer - 1
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
