-- Direct dealings with accounts that were watch-listed at the cut-off. An account's own listing plays no part here.
select
  legs.as_of,
  legs.account_token,
  count(distinct case when legs.direction = 'in' then legs.counterparty_token end) as listed_senders,
  count(distinct case when legs.direction = 'out' then legs.counterparty_token end) as listed_receivers,
  cast(sum(case when legs.direction = 'in' then legs.amount_cents else 0 end) as {{ dbt.type_bigint() }})
    as from_listed_cents,
  cast(sum(case when legs.direction = 'out' then legs.amount_cents else 0 end) as {{ dbt.type_bigint() }})
    as to_listed_cents
from {{ ref('int_scoring__legs') }} as legs
inner join {{ ref('int_scoring__watch_listed') }} as listed
  on listed.as_of = legs.as_of
  and listed.account_token = legs.counterparty_token
where legs.counterparty_token <> legs.account_token
group by legs.as_of, legs.account_token
