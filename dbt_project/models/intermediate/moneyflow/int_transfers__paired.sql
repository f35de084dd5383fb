with pairs as (
  select * from {{ ref('int_transfers__pairs_by_reference') }}
  union all
  select * from {{ ref('int_transfers__pairs_by_time') }}
),

legs as (
  select * from {{ ref('int_transfers__legs') }}
),

-- A transfer's first leg is the sender's, or the only one there is; the second is the receiver's of a pair.
with_second as (
  select
    leg.*,
    pairs.matched_by,
    second.clearing_ref as second_clearing_ref,
    second.executed_at as second_executed_at,
    second.sender_institution as second_sender_institution,
    second.sender_account_token as second_sender_account_token,
    second.receiver_institution as second_receiver_institution,
    second.receiver_account_token as second_receiver_account_token,
    second.amount_cents as second_amount_cents,
    second.reversed as second_reversed
  from legs as leg
  left join pairs on pairs.sender_leg_id = leg.leg_id
  left join legs as second on second.leg_id = pairs.receiver_leg_id
  left join pairs as taken on taken.receiver_leg_id = leg.leg_id
  where taken.receiver_leg_id is null
),

compared as (
  select
    *,
    case when matched_by is null then '' else trim(concat(
      case when clearing_ref <> second_clearing_ref then 'clearing_ref ' else '' end,
      case
        when abs({{ microseconds('executed_at') }} - {{ microseconds('second_executed_at') }})
          > {{ var('leg_tolerance_seconds') }} * 1000000 then 'executed_at '
        else ''
      end,
      case
        when sender_institution <> second_sender_institution
          or sender_account_token <> second_sender_account_token then 'sender '
        else ''
      end,
      case
        when receiver_institution <> second_receiver_institution
          or receiver_account_token <> second_receiver_account_token then 'receiver '
        else ''
      end,
      case when amount_cents <> second_amount_cents then 'amount ' else '' end,
      case when reversed <> second_reversed then 'reversed ' else '' end
    )) end as disagrees_on,
    coalesce(clearing_ref, second_clearing_ref) as known_ref
  from with_second
)

select
  -- The clearing reference names a transfer whichever leg comes first; the booking does where it can't.
  {{ dbt.hash("case when known_ref is not null and count(*) over (partition by known_ref) = 1 "
      ~ "then concat('ref|', known_ref) else concat('leg|', leg_id) end") }} as transfer_id,
  side,
  matched_by,
  disagrees_on,
  executed_at,
  sender_institution,
  sender_account_token,
  -- Each institution has the last word on its own account.
  coalesce(second_receiver_institution, receiver_institution) as receiver_institution,
  coalesce(second_receiver_account_token, receiver_account_token) as receiver_account_token,
  amount_cents,
  channel,
  preregistered,
  reversed or coalesce(second_reversed, false) as reversed,
  cast(case when matched_by is null then 1 else 2 end as {{ dbt.type_bigint() }}) as legs,
  case
    when side = 'own' then 'own'
    when matched_by is null then 'unmatched'
    when disagrees_on <> '' then 'disagreeing'
    else 'matched'
  end as leg_state
from compared
