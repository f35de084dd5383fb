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

stepped as (
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
    arrived.max_delay_us is not null as all_count,
    steps.clock,
    arrived.clock as from_clock
  from arrived
  inner join {{ ref('int_moneyflow__steps') }} as steps
    on steps.direction = arrived.direction
    and steps.from_account_token = arrived.account_token
  left join {{ ref('int_moneyflow__over_limit') }} as over_limit
    on over_limit.cut_off = arrived.cut_off
    and over_limit.direction = arrived.direction
    and over_limit.account_token = arrived.account_token
  where steps.clock > arrived.clock
    and steps.clock >= arrived.changed_clock
    and steps.executed_at < arrived.cut_off
    {%- if layer > 1 %} {# where a walk begins no delay binds and no hub stops it #}
    and (arrived.max_delay_us is null or steps.clock <= arrived.clock + arrived.max_delay_us)
    and not coalesce(over_limit.is_hub, false)
    {%- endif %}
    and (
      over_limit.keeps_from_at is null
      or steps.executed_at > over_limit.keeps_from_at
      or (steps.executed_at = over_limit.keeps_from_at and steps.transfer_id >= over_limit.keeps_from_id)
    )
),

placed as (
  select
    *,
    row_number() over (
      partition by cut_off, direction, account_token order by clock, via_transfer_id, from_clock, from_transfer_id
    ) as place,
    row_number() over (
      partition by cut_off, direction, via_transfer_id order by from_clock, from_transfer_id
    ) as predecessor
  from stepped
)

select
  placed.cut_off,
  placed.direction,
  placed.account_token,
  cast({{ layer }} as {{ dbt.type_bigint() }}) as layer,
  placed.arrived_at,
  placed.place = 1 {%- if is_incremental() %} and kept.account_token is null {%- endif %} as is_first,
  placed.via_transfer_id,
  placed.from_account_token,
  placed.from_transfer_id,
  placed.from_arrived_at,
  placed.start_account_token
from placed
{%- if is_incremental() %}
left join {{ this }} as kept
  on kept.cut_off = placed.cut_off
  and kept.direction = placed.direction
  and kept.account_token = placed.account_token
  and kept.is_first
{%- endif %}
where placed.predecessor = 1
  and (placed.all_count or (placed.place = 1 {%- if is_incremental() %} and kept.account_token is null {%- endif %}))
{%- endmacro %}
