{{ config(materialized='view') }}
with arrivals as (
  {%- for layer in range(7) %}
  select * from {{ ref('int_moneyflow__layer_' ~ layer) }}
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)

select
  cut_offs.as_of,
  arrivals.direction,
  arrivals.account_token,
  arrivals.layer,
  arrivals.arrived_at,
  arrivals.is_first,
  arrivals.via_transfer_id,
  arrivals.from_account_token,
  arrivals.from_transfer_id,
  arrivals.from_arrived_at,
  arrivals.start_account_token
from arrivals
inner join {{ ref('int_moneyflow__as_of') }} as cut_offs on cut_offs.cut_off = arrivals.cut_off
