{{ config(by_day('cut_off', ['direction', 'account_token'])) }}
{%- set changes = ref('int_moneyflow__changes') -%}
select
  starts.cut_off,
  starts.direction,
  starts.account_token,
  cast(0 as {{ dbt.type_bigint() }}) as layer,
  starts.begins_at as arrived_at,
  true as is_first,
  cast(null as {{ dbt.type_string() }}) as via_transfer_id,
  cast(null as {{ dbt.type_string() }}) as from_account_token,
  cast(null as {{ dbt.type_string() }}) as from_transfer_id,
  cast(null as {{ dbt.type_timestamp() }}) as from_arrived_at,
  starts.account_token as start_account_token
from {{ ref('int_moneyflow__starts') }} as starts
{%- if is_incremental() %}
inner join {{ changes }} as changes
  on changes.cut_off = starts.cut_off and changes.direction = starts.direction and changes.clock <= starts.clock
{%- endif %}
