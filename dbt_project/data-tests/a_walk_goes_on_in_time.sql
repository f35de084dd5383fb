-- Every step continues an arrival one layer before, and happens after it: strictly later forward, earlier backward.
select step.as_of, step.direction, step.layer
from {{ ref('int_moneyflow__arrivals') }} as step
left join {{ ref('int_moneyflow__arrivals') }} as before
  on before.as_of = step.as_of
  and before.direction = step.direction
  and before.account_token = step.from_account_token
  and before.start_account_token = step.start_account_token
  and before.layer = step.layer - 1
  and before.arrived_at = step.from_arrived_at
  and coalesce(before.via_transfer_id, '') = coalesce(step.from_transfer_id, '')
where step.layer > 0
  and (
    before.account_token is null
    or (step.direction = 'forward' and step.arrived_at <= before.arrived_at)
    or (step.direction = 'backward' and step.arrived_at >= before.arrived_at)
  )
