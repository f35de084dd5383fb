{# Microseconds that grow along the walk: with time forward, against it backward. So "earliest along the walk"
   is the least clock in both directions. #}
{% macro moneyflow_clock(direction, moment) -%}
  case when {{ direction }} = 'forward' then {{ microseconds(moment) }} else -{{ microseconds(moment) }} end
{%- endmacro %}

{# One layer from the one before: from every account that was reached, along every transfer strictly later on the walk
   that the rule allows and that was before the cut-off, to the account at its other end.
   Without a delay only the first arrival counts (ties: transfer id): it reaches everything that a later one reaches.
   With one every transfer is an arrival, continuing the first that lies within the delay.
   Incremental: arrivals before the change stay in the table; only transfers from it on are looked at. #}
{% macro moneyflow_layer(layer) -%}
{%- set changes = ref('int_moneyflow__changes') -%}
-- The rule is joined here: joined beside the steps, DuckDB 2.0 moves it behind the outer join and loses its values.
with arrived as (
  select
    reached.*,
    rule.max_delay_us,
    {{ moneyflow_clock('reached.direction', 'reached.arrived_at') }} as clock,
    {{ 'changes.clock' if is_incremental() else moneyflow_beginning() }} as changed_clock
  from {{ ref('int_moneyflow__layer_' ~ (layer - 1)) }} as reached
  cross join {{ ref('int_moneyflow__rule') }} as rule
  {%- if is_incremental() %}
  inner join {{ changes }} as changes
    on changes.cut_off = reached.cut_off and changes.direction = reached.direction
  {%- endif %}
),

-- One of these two is empty: which one, the rule says.
without_delay as (
  {{ moneyflow_steps_from_arrived(layer, 'arrived.max_delay_us is null') }}
  qualify row_number() over (
    partition by arrived.cut_off, arrived.direction, steps.to_account_token order by steps.clock, steps.transfer_id
  ) = 1
),

within_delay as (
  {{ moneyflow_steps_from_arrived(
    layer,
    'arrived.max_delay_us is not null' ~ (' and steps.clock <= arrived.clock + arrived.max_delay_us' if layer > 1 else '')
  ) }}
  qualify row_number() over (
    partition by arrived.cut_off, arrived.direction, steps.transfer_id order by arrived.clock, arrived.via_transfer_id
  ) = 1
),

arrivals as (
  select *, true as is_earliest from without_delay
  union all
  select
    *,
    row_number() over (partition by cut_off, direction, account_token order by clock, via_transfer_id) = 1
      as is_earliest
  from within_delay
)

select
  arrivals.cut_off,
  arrivals.direction,
  arrivals.account_token,
  cast({{ layer }} as {{ dbt.type_bigint() }}) as layer,
  arrivals.arrived_at,
  arrivals.is_earliest {%- if is_incremental() %} and kept.account_token is null {%- endif %} as is_first,
  arrivals.via_transfer_id,
  arrivals.from_account_token,
  arrivals.from_transfer_id,
  arrivals.from_arrived_at,
  arrivals.start_account_token
from arrivals
{%- if is_incremental() %}
left join {{ this }} as kept
  on kept.cut_off = arrivals.cut_off
  and kept.direction = arrivals.direction
  and kept.account_token = arrivals.account_token
  and kept.is_first
where kept.account_token is null or arrivals.max_delay_us is not null
{%- endif %}
{%- endmacro %}

{# Where a walk begins, no delay binds and no hub stops it. #}
{% macro moneyflow_steps_from_arrived(layer, condition) -%}
select
    arrived.cut_off,
    arrived.direction,
    steps.to_account_token as account_token,
    steps.executed_at as arrived_at,
    steps.transfer_id as via_transfer_id,
    steps.from_account_token,
    arrived.via_transfer_id as from_transfer_id,
    arrived.arrived_at as from_arrived_at,
    arrived.start_account_token,
    arrived.max_delay_us,
    steps.clock
  from arrived
  inner join {{ ref('int_moneyflow__steps') }} as steps
    on steps.direction = arrived.direction
    and steps.from_account_token = arrived.account_token
  left join {{ ref('int_moneyflow__over_limit') }} as over_limit
    on over_limit.cut_off = arrived.cut_off
    and over_limit.direction = arrived.direction
    and over_limit.account_token = arrived.account_token
  where {{ condition }}
    and steps.clock > arrived.clock
    and steps.clock >= arrived.changed_clock
    and steps.executed_at < arrived.cut_off
    {%- if layer > 1 %}
    and not coalesce(over_limit.is_hub, false)
    {%- endif %}
    and (
      over_limit.keeps_from_at is null
      or steps.executed_at > over_limit.keeps_from_at
      or (steps.executed_at = over_limit.keeps_from_at and steps.transfer_id >= over_limit.keeps_from_id)
    )
{%- endmacro %}
