with submissions as (
  select * from {{ ref('stg_landing__submissions') }} where dataset = 'transfers'
),

-- A txn_id is unique within institution and period: only submissions over common days can state a booking again.
restated as (
  select earlier.submission_id as earlier_id, later.submission_id as later_id
  from submissions as earlier
  inner join submissions as later
    on later.participant = earlier.participant
    and later.sequence > earlier.sequence
    and later.period_from <= earlier.period_to
    and later.period_to >= earlier.period_from
),

superseded as (
  select distinct earlier.submission_id, earlier.txn_id
  from {{ source('landing', 'transfers') }} as earlier
  inner join restated on restated.earlier_id = earlier.submission_id
  inner join {{ source('landing', 'transfers') }} as later
    on later.submission_id = restated.later_id
    and later.txn_id = earlier.txn_id
)

select
  landed.participant,
  landed.submission_id,
  landed.row_number,
  submissions.period_from,
  landed.txn_id,
  nullif(trim(landed.clearing_ref), '') as clearing_ref,
  landed.executed_at,
  landed.sender_institution,
  landed.sender_account_token,
  landed.receiver_institution,
  landed.receiver_account_token,
  landed.amount_cents,
  landed.channel,
  landed.preregistered,
  landed.reversed
from {{ source('landing', 'transfers') }} as landed
inner join submissions on submissions.submission_id = landed.submission_id
left join superseded
  on superseded.submission_id = landed.submission_id
  and superseded.txn_id = landed.txn_id
where superseded.txn_id is null
