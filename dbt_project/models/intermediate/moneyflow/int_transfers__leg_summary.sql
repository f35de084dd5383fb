select
  joined.sender_institution,
  joined.receiver_institution,
  joined.leg_state,
  coalesce(issues.issue, 'none') as issue,
  count(*) as transfers,
  cast(sum(joined.legs) as {{ dbt.type_bigint() }}) as legs,
  cast(sum(joined.amount_cents) as {{ dbt.type_bigint() }}) as amount_cents
from {{ ref('int_transfers__joined') }} as joined
left join {{ ref('int_transfers__leg_issues') }} as issues on issues.transfer_id = joined.transfer_id
group by joined.sender_institution, joined.receiver_institution, joined.leg_state, coalesce(issues.issue, 'none')
