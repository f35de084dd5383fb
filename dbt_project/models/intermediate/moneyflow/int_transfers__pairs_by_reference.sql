with legs as (
  select * from {{ ref('int_transfers__legs') }} where clearing_ref is not null
),

-- First the legs that agree in everything but perhaps the time: the k-th of one side with the k-th of the other.
agreeing as (
  select
    *,
    row_number() over (
      partition by
        side, clearing_ref, sender_institution, sender_account_token,
        receiver_institution, receiver_account_token, amount_cents
      order by executed_at, leg_id
    ) as place
  from legs
),

first_pairs as (
  select sender.leg_id as sender_leg_id, receiver.leg_id as receiver_leg_id
  from agreeing as sender
  inner join agreeing as receiver
    on receiver.clearing_ref = sender.clearing_ref
    and receiver.sender_institution = sender.sender_institution
    and receiver.sender_account_token = sender.sender_account_token
    and receiver.receiver_institution = sender.receiver_institution
    and receiver.receiver_account_token = sender.receiver_account_token
    and receiver.amount_cents = sender.amount_cents
    and receiver.place = sender.place
  where sender.side = 'sender' and receiver.side = 'receiver'
),

-- Then what is left under the same reference, whatever else it says: those pairs disagree.
rest as (
  select
    legs.*,
    row_number() over (
      partition by legs.side, legs.clearing_ref order by legs.executed_at, legs.leg_id
    ) as place
  from legs
  left join first_pairs as as_sender on as_sender.sender_leg_id = legs.leg_id
  left join first_pairs as as_receiver on as_receiver.receiver_leg_id = legs.leg_id
  where as_sender.sender_leg_id is null and as_receiver.receiver_leg_id is null
)

select sender_leg_id, receiver_leg_id, 'clearing_ref' as matched_by
from first_pairs
union all
select sender.leg_id, receiver.leg_id, 'clearing_ref' as matched_by
from rest as sender
inner join rest as receiver
  on receiver.clearing_ref = sender.clearing_ref
  and receiver.participant <> sender.participant
  and receiver.place = sender.place
where sender.side = 'sender' and receiver.side = 'receiver'
