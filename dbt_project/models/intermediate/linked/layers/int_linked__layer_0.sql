select
  cut_offs.as_of,
  starts.direction,
  starts.account_token,
  starts.layer,
  'start' as step,
  starts.arrived_at,
  starts.via_transfer_id,
  cast(null as {{ dbt.type_string() }}) as via_identifier_token,
  starts.from_account_token,
  starts.from_transfer_id,
  starts.start_account_token
from {{ ref('int_moneyflow__layer_0') }} as starts
inner join {{ ref('int_moneyflow__as_of') }} as cut_offs on cut_offs.cut_off = starts.cut_off
