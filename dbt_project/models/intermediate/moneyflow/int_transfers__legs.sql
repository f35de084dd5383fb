with numbered as (
  select
    *,
    row_number() over (
      partition by participant, txn_id, period_from order by submission_id, row_number
    ) as occurrence
  from {{ ref('stg_landing__transfers') }}
)

select
  {{ dbt.hash("concat(participant, '|', cast(period_from as " ~ dbt.type_string() ~ "), '|', txn_id, '|', "
      ~ "cast(occurrence as " ~ dbt.type_string() ~ "))") }} as leg_id,
  participant,
  case
    when sender_institution = receiver_institution then 'own'
    when participant = sender_institution then 'sender'
    when participant = receiver_institution then 'receiver'
    else 'foreign'
  end as side,
  clearing_ref,
  executed_at,
  sender_institution,
  sender_account_token,
  receiver_institution,
  receiver_account_token,
  amount_cents,
  channel,
  preregistered,
  reversed
from numbered
