{%- set rounds = 4 -%}
with paired as (
  select * from {{ ref('int_transfers__pairs_by_reference') }}
),

legs as (
  select legs.*, {{ microseconds('legs.executed_at') }} as clock
  from {{ ref('int_transfers__legs') }} as legs
  left join paired as as_sender on as_sender.sender_leg_id = legs.leg_id
  left join paired as as_receiver on as_receiver.receiver_leg_id = legs.leg_id
  where legs.side in ('sender', 'receiver')
    and as_sender.sender_leg_id is null
    and as_receiver.receiver_leg_id is null
),

candidates_1 as (
  select
    sender.leg_id as sender_leg_id,
    receiver.leg_id as receiver_leg_id,
    abs(sender.clock - receiver.clock) as apart,
    sender.clock as sender_clock,
    receiver.clock as receiver_clock
  from legs as sender
  inner join legs as receiver
    on receiver.sender_institution = sender.sender_institution
    and receiver.sender_account_token = sender.sender_account_token
    and receiver.receiver_institution = sender.receiver_institution
    and receiver.receiver_account_token = sender.receiver_account_token
    and receiver.amount_cents = sender.amount_cents
  where sender.side = 'sender' and receiver.side = 'receiver'
    and abs(sender.clock - receiver.clock) <= {{ var('leg_tolerance_seconds') }} * 1000000
)

{#- Rounds of mutual choice: a pair forms where each leg is the other's nearest; ties by time, then leg id. #}
{%- for round in range(1, rounds + 1) %},

pairs_{{ round }} as (
  select sender_leg_id, receiver_leg_id
  from candidates_{{ round }}
  where true {# BigQuery wants a where before qualify #}
  qualify
    row_number() over (partition by sender_leg_id order by apart, receiver_clock, receiver_leg_id) = 1
    and row_number() over (partition by receiver_leg_id order by apart, sender_clock, sender_leg_id) = 1
)
{%- if not loop.last %},

candidates_{{ round + 1 }} as (
  select candidates.*
  from candidates_{{ round }} as candidates
  left join pairs_{{ round }} as as_sender on as_sender.sender_leg_id = candidates.sender_leg_id
  left join pairs_{{ round }} as as_receiver on as_receiver.receiver_leg_id = candidates.receiver_leg_id
  where as_sender.sender_leg_id is null and as_receiver.receiver_leg_id is null
)
{%- endif %}
{%- endfor %}

{% for round in range(1, rounds + 1) %}
select sender_leg_id, receiver_leg_id, 'time' as matched_by from pairs_{{ round }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
