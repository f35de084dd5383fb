with latest as (
  select as_of from {{ ref('int_moneyflow__as_of') }} where is_latest
),

-- Accounts that must not be paid: watch-listed ones, until they were listed, and suspected ones, until now.
payees as (
  select
    watch_listed.account_token,
    'watch_listed' as payee_kind,
    cast(1 as {{ dbt.type_float() }}) as payee_score,
    watch_listed.reported_loss_cents,
    watch_listed.listed_at as until_at
  from {{ ref('int_list_events__watch_listed') }} as watch_listed
  inner join latest
    on watch_listed.listed_at < latest.as_of
    and coalesce(watch_listed.lifted_at, latest.as_of) >= latest.as_of
  union all
  select
    account_token,
    'suspected' as payee_kind,
    score as payee_score,
    cast(null as {{ dbt.type_bigint() }}) as reported_loss_cents,
    as_of as until_at
  from {{ ref('suspected_accounts') }}
),

transfers as (
  select transfers.*
  from {{ ref('int_transfers__joined') }} as transfers
  inner join latest on transfers.executed_at < latest.as_of
  where not transfers.reversed and transfers.sender_account_token <> transfers.receiver_account_token
),

-- A victim's payment: lately, to a payee not registered in advance.
payments as (
  select
    transfers.sender_account_token as account_token,
    transfers.receiver_account_token as payee_account_token,
    min(transfers.executed_at) as first_paid_at,
    max(transfers.executed_at) as last_paid_at,
    count(*) as payments,
    sum(transfers.amount_cents) as paid_cents
  from transfers
  inner join latest on transfers.executed_at >= {{ add_days('latest.as_of', '-' ~ var('care_days', 30)) }}
  inner join payees
    on payees.account_token = transfers.receiver_account_token
    and transfers.executed_at < payees.until_at
  where not transfers.preregistered
  group by transfers.sender_account_token, transfers.receiver_account_token
),

-- People who knew the payee before, or were paid by it, are not its victims.
acquainted as (
  select distinct payments.account_token, payments.payee_account_token
  from payments
  inner join transfers
    on transfers.sender_account_token = payments.account_token
    and transfers.receiver_account_token = payments.payee_account_token
    and transfers.executed_at < payments.first_paid_at
  union distinct
  select payments.account_token, payments.payee_account_token
  from payments
  inner join transfers
    on transfers.sender_account_token = payments.payee_account_token
    and transfers.receiver_account_token = payments.account_token
),

victims as (
  select
    payments.*,
    payees.payee_kind,
    payees.payee_score,
    cast(least(
      payments.paid_cents, coalesce(payees.reported_loss_cents, payments.paid_cents)
    ) as {{ dbt.type_bigint() }}) as amount_bound_cents,
    row_number() over (
      partition by payments.account_token
      order by payees.payee_kind desc, payments.paid_cents desc, payments.payee_account_token
    ) as place_of_payee
  from payments
  inner join payees on payees.account_token = payments.payee_account_token
  left join acquainted
    on acquainted.account_token = payments.account_token
    and acquainted.payee_account_token = payments.payee_account_token
  left join payees as own on own.account_token = payments.account_token
  where acquainted.account_token is null
    and own.account_token is null
    and payments.paid_cents >= {{ var('care_least_cents', 500000) }}
),

placed as (
  select
    victims.*,
    row_number() over (
      order by victims.payee_kind desc, victims.payee_score desc, victims.paid_cents desc, victims.account_token
    ) as place
  from victims
  where victims.place_of_payee = 1
)

select
  latest.as_of,
  placed.account_token,
  known.institution,
  known.owned,
  placed.payee_account_token,
  payee.institution as payee_institution,
  placed.payee_kind,
  placed.payee_score,
  cast(placed.payments as {{ dbt.type_bigint() }}) as payments,
  cast(placed.paid_cents as {{ dbt.type_bigint() }}) as paid_cents,
  placed.amount_bound_cents,
  placed.last_paid_at,
  cast(placed.place as {{ dbt.type_bigint() }}) as place
from placed
cross join latest
inner join {{ ref('int_accounts__known') }} as known on known.account_token = placed.account_token
inner join {{ ref('int_accounts__known') }} as payee on payee.account_token = placed.payee_account_token
where placed.place <= {{ var('care_capacity', 100) | int }}
