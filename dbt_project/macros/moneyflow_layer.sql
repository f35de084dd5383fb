{# Microseconds that grow along the walk: with time forward, against it backward. So "earliest along the walk"
   is the least clock in both directions. #}
{% macro moneyflow_clock(direction, moment) -%}
  case when {{ direction }} = 'forward' then {{ microseconds(moment) }} else -{{ microseconds(moment) }} end
{%- endmacro %}

{# One layer from the one before: from every account that was reached, along every transfer strictly later on the walk
   and strictly before the cut-off, to the account at its other end; of several arrivals the first one counts
   (ties: transfer id). The first arrival reaches everything that a later one reaches, so no other is kept. #}
{% macro moneyflow_layer(layer) -%}
with arrived as (
  select *, {{ moneyflow_clock('direction', 'arrived_at') }} as clock
  from {{ ref('int_moneyflow__layer_' ~ (layer - 1)) }}
)

select
  arrived.as_of,
  arrived.direction,
  steps.to_account_token as account_token,
  cast({{ layer }} as {{ dbt.type_bigint() }}) as layer,
  steps.executed_at as arrived_at,
  steps.transfer_id as via_transfer_id,
  steps.from_account_token,
  arrived.start_account_token
from arrived
inner join {{ ref('int_moneyflow__steps') }} as steps
  on steps.direction = arrived.direction
  and steps.from_account_token = arrived.account_token
where steps.clock > arrived.clock
  and steps.executed_at < arrived.as_of
qualify row_number() over (
  partition by arrived.as_of, arrived.direction, steps.to_account_token
  order by steps.clock, steps.transfer_id
) = 1
{%- endmacro %}
