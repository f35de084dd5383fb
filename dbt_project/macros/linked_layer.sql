{# One layer from those before, where a walk may also step from an account to another that shares an identifier with it.
   A transfer continues the first arrival of the layer before, however it was made. A link step keeps the moment and
   continues an arrival by transfer (or the start), never another link step; as the tie must have begun by then, any
   arrival may be the one that it needs, so all of them are looked at again, from the layer before that.
   One row per account and kind of step is kept; of both, the first is the account's arrival (ties: the transfer). #}
{% macro linked_layer(layer) -%}
with {{ linked_first('reached', layer - 1) }},

by_transfer as (
  select
    reached.as_of,
    reached.direction,
    steps.to_account_token as account_token,
    'transfer' as step,
    steps.executed_at as arrived_at,
    steps.transfer_id as via_transfer_id,
    cast(null as {{ dbt.type_string() }}) as via_identifier_token,
    steps.from_account_token,
    reached.via_transfer_id as from_transfer_id,
    reached.start_account_token
  from reached
  inner join {{ ref('int_moneyflow__steps') }} as steps
    on steps.direction = reached.direction
    and steps.from_account_token = reached.account_token
  where steps.clock > reached.clock
    and steps.executed_at < reached.as_of
  qualify row_number() over (
    partition by reached.as_of, reached.direction, steps.to_account_token order by steps.clock, steps.transfer_id
  ) = 1
),

{% if layer == 1 %}
came as (
  select *
  from reached
),
{% else %}
{{ linked_first('before', layer - 2) }},

came as (
  select
    before.as_of,
    before.direction,
    steps.to_account_token as account_token,
    steps.executed_at as arrived_at,
    steps.clock,
    steps.transfer_id as via_transfer_id,
    before.start_account_token
  from before
  inner join {{ ref('int_moneyflow__steps') }} as steps
    on steps.direction = before.direction
    and steps.from_account_token = before.account_token
  where steps.clock > before.clock
    and steps.executed_at < before.as_of
),
{% endif %}

by_link as (
  select
    came.as_of,
    came.direction,
    links.to_account_token as account_token,
    'link' as step,
    came.arrived_at,
    cast(null as {{ dbt.type_string() }}) as via_transfer_id,
    links.identifier_token as via_identifier_token,
    came.account_token as from_account_token,
    came.via_transfer_id as from_transfer_id,
    came.start_account_token
  from came
  inner join {{ ref('int_linked__accounts') }} as links
    on links.as_of = came.as_of
    and links.from_account_token = came.account_token
  where links.held_from <= came.arrived_at
  qualify row_number() over (
    partition by came.as_of, came.direction, links.to_account_token
    order by came.clock, links.identifier_token, came.via_transfer_id, came.account_token
  ) = 1
)

select
  as_of,
  direction,
  account_token,
  cast({{ layer }} as {{ dbt.type_bigint() }}) as layer,
  step,
  arrived_at,
  via_transfer_id,
  via_identifier_token,
  from_account_token,
  from_transfer_id,
  start_account_token
from (
  select * from by_transfer
  union all
  select * from by_link
) as steps
{%- endmacro %}

{# A CTE: of each account at that layer the first arrival along the walk. #}
{% macro linked_first(name, layer) -%}
{{ name }} as (
  select *, {{ moneyflow_clock('direction', 'arrived_at') }} as clock
  from {{ ref('int_linked__layer_' ~ layer) }}
  where true {# BigQuery wants a where before qualify #}
  qualify row_number() over (
    partition by as_of, direction, account_token
    order by {{ moneyflow_clock('direction', 'arrived_at') }}, case when step = 'link' then 1 else 0 end
  ) = 1
)
{%- endmacro %}
