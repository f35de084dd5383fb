with transfers as (
  select * from {{ ref('int_transfers__paired') }} where leg_state in ('unmatched', 'disagreeing')
),

uploaded as (
  select distinct participant, period_from, period_to
  from {{ ref('stg_landing__submissions') }}
  where dataset = 'transfers'
),

absent as (
  select
    *,
    case when side = 'sender' then receiver_institution else sender_institution end as other_institution,
    {{ taipei_day('executed_at') }} as executed_on
  from transfers
),

expected as (
  select distinct absent.transfer_id
  from absent
  inner join uploaded
    on uploaded.participant = absent.other_institution
    and absent.executed_on between uploaded.period_from and uploaded.period_to
)

select
  absent.transfer_id,
  case
    when absent.leg_state = 'disagreeing' then 'disagreeing'
    when expected.transfer_id is null then 'not_expected'
    when absent.side = 'sender' then 'receiver_leg_missing'
    else 'sender_leg_missing'
  end as issue,
  absent.disagrees_on,
  absent.matched_by,
  absent.sender_institution,
  absent.receiver_institution,
  absent.executed_at,
  absent.amount_cents
from absent
left join expected on expected.transfer_id = absent.transfer_id
