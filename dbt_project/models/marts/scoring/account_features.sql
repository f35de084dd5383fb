-- Everything a model may read. Labels stand apart, in account_labels.
{% set bigint = dbt.type_bigint() %}
{% set cut_off_second = seconds_since_epoch('cut_offs.as_of') %}
{% set opened_at = add_seconds('cast(accounts.opened_on as ' ~ dbt.type_timestamp() ~ ')', -8 * 3600) %}
{% set history_start = cut_off_second ~ ' - ' ~ var('scoring_history_days') * 86400 %}
{% set counts = [
  'transfers', 'institutions', 'in_transfers', 'out_transfers', 'in_counterparties', 'out_counterparties',
  'in_recent_transfers', 'out_recent_transfers', 'in_recent_counterparties', 'out_recent_counterparties',
  'in_cents', 'out_cents', 'in_recent_cents', 'out_recent_cents', 'in_largest_cents', 'out_largest_cents',
] %}
{% set shares = [
  ('night', 'degrees.night_transfers', 'degrees.transfers'),
  ('round', 'degrees.round_transfers', 'degrees.transfers'),
  ('preregistered', 'degrees.preregistered_transfers', 'degrees.transfers'),
  ('passed', 'passages.passed_cents', 'degrees.in_cents'),
  ('kept', 'abs(degrees.in_cents - degrees.out_cents)', 'greatest(degrees.in_cents, degrees.out_cents)'),
  ('from_listed', 'neighbours.from_listed_cents', 'degrees.in_cents'),
  ('to_listed', 'neighbours.to_listed_cents', 'degrees.out_cents'),
] %}

with returns as (
  select
    cut_offs.as_of,
    returned.account_token,
    count(case when returned.hops = 2 then 1 end) as returns_by_one,
    count(case when returned.hops = 3 then 1 end) as returns_by_two
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  inner join {{ ref('int_scoring__returns') }} as returned
    on returned.closed_at < cut_offs.as_of
    and {{ seconds_since_epoch('returned.closed_at') }} >= {{ history_start }}
  group by cut_offs.as_of, returned.account_token
),

-- Before the first transfer that was ever uploaded nothing is known of anybody's silence.
data_start as (
  select min({{ seconds_since_epoch('executed_at') }}) as first_second
  from {{ ref('int_transfers__joined') }}
  where not reversed
)

select
  cut_offs.as_of,
  cut_offs.is_latest,
  accounts.account_token,
  accounts.institution,
  accounts.kind,
  listed.account_token is not null as is_watch_listed,
  {%- for name in counts %}
  coalesce(degrees.{{ name }}, 0) as {{ name }},
  {%- endfor %}
  {%- for name, part, whole in shares %}
  cast(floor(1000 * coalesce({{ part }}, 0) / nullif({{ whole }}, 0)) as {{ bigint }}) as {{ name }}_per_mille,
  {%- endfor %}
  degrees.in_smallest_cents,
  degrees.out_smallest_cents,
  coalesce(repeats.in_repeated_in_a_day, 0) as in_repeated_in_a_day,
  coalesce(repeats.out_repeated_in_a_day, 0) as out_repeated_in_a_day,
  passages.min_seconds_to_leave,
  passages.median_seconds_to_leave,
  coalesce(passages.passed_cents, 0) as passed_cents,
  coalesce(balances.resting_cents, 0) as resting_cents,
  coalesce(passages.passed_on_transfers, 0) as passed_on_transfers,
  coalesce(passages.left_within_day_transfers, 0) as left_within_day_transfers,
  coalesce(returns.returns_by_one, 0) as returns_by_one,
  coalesce(returns.returns_by_two, 0) as returns_by_two,
  coalesce(neighbours.listed_senders, 0) as listed_senders,
  coalesce(neighbours.listed_receivers, 0) as listed_receivers,
  coalesce(neighbours.from_listed_cents, 0) as from_listed_cents,
  coalesce(neighbours.to_listed_cents, 0) as to_listed_cents,
  coalesce(shared.listed_sharing_senders, 0) as listed_sharing_senders,
  coalesce(shared.listed_sharing_receivers, 0) as listed_sharing_receivers,
  coalesce(shared.listed_within_two, 0) as listed_within_two,
  distances.forward_layer,
  distances.backward_layer,
  coalesce(distances.forward_layers, 0) as forward_layers,
  coalesce(distances.backward_layers, 0) as backward_layers,
  distances.forward_hop_seconds,
  distances.backward_hop_seconds,
  coalesce(taint.tainted_bound_cents, 0) as tainted_bound_cents,
  coalesce(scatters.scattered_over, 0) as scattered_over,
  coalesce(scatters.gathered_over, 0) as gathered_over,
  coalesce(scatters.carried_beside, 0) as carried_beside,
  coalesce(gatherings.gathered_and_scattered, 0) as gathered_and_scattered,
  coalesce(singles.single_senders, 0) as single_senders,
  coalesce(singles.single_senders_in_a_day, 0) as single_senders_in_a_day,
  coalesce(singles.single_receivers, 0) as single_receivers,
  coalesce(singles.single_receivers_in_a_day, 0) as single_receivers_in_a_day,
  coalesce(crowds.paying_crowd, 0) as paying_crowd,
  coalesce(crowds.paying_in_crowds, 0) as paying_in_crowds,
  coalesce(crowds.paid_crowd, 0) as paid_crowd,
  coalesce(crowds.paid_in_crowds, 0) as paid_in_crowds,
  coalesce(twins.twins_by_senders, 0) as twins_by_senders,
  coalesce(twins.senders_in_common, 0) as senders_in_common,
  coalesce(twins.twins_by_receivers, 0) as twins_by_receivers,
  coalesce(twins.receivers_in_common, 0) as receivers_in_common,
  coalesce(walks.reached_two_ppb, 0) as reached_two_ppb,
  coalesce(walks.reached_two_evading_ppb, 0) as reached_two_evading_ppb,
  coalesce(walks.reached_three_ppb, 0) as reached_three_ppb,
  coalesce(walks.reached_three_evading_ppb, 0) as reached_three_evading_ppb,
  coalesce(walks.reaching_two_ppb, 0) as reaching_two_ppb,
  coalesce(walks.reaching_two_evading_ppb, 0) as reaching_two_evading_ppb,
  coalesce(walks.reaching_three_ppb, 0) as reaching_three_ppb,
  coalesce(walks.reaching_three_evading_ppb, 0) as reaching_three_evading_ppb,
  coalesce(holders.black_identifiers, 0) as black_identifiers,
  coalesce(holders.grey_identifiers, 0) as grey_identifiers,
  coalesce(holders.person_listings, 0) as person_listings,
  coalesce(holders.listed_siblings, 0) as listed_siblings,
  coalesce(holders.identifier_accounts, 0) as identifier_accounts,
  coalesce(holders.flagged_contacts, 0) as flagged_contacts,
  coalesce(holders.listed_contacts, 0) as listed_contacts,
  -- A stretch without transfers before the window's first one: a sleeper that woke up. An account that was opened, or
  -- whose uploads began, within the history has been silent since then at most.
  case
    when degrees.first_second_in_window is not null
      then greatest(degrees.first_second_in_window - coalesce(
        degrees.last_second_before_window,
        greatest({{ history_start }}, data_start.first_second, {{ seconds_since_epoch(opened_at) }})
      ), 0)
  end as silent_seconds,
  greatest(
    cast({{ dbt.datediff('accounts.opened_on', 'cast(cut_offs.as_of as date)', 'day') }} as {{ bigint }}), 0
  ) as age_days
from {{ ref('int_moneyflow__as_of') }} as cut_offs
cross join {{ ref('int_accounts__known') }} as accounts
cross join data_start
left join {{ ref('int_scoring__holders') }} as holders
  on holders.as_of = cut_offs.as_of and holders.account_token = accounts.account_token
left join {{ ref('int_scoring__watch_listed') }} as listed
  on listed.as_of = cut_offs.as_of and listed.account_token = accounts.account_token
left join {{ ref('int_scoring__degrees') }} as degrees
  on degrees.as_of = cut_offs.as_of and degrees.account_token = accounts.account_token
left join {{ ref('int_scoring__repeats') }} as repeats
  on repeats.as_of = cut_offs.as_of and repeats.account_token = accounts.account_token
left join {{ ref('int_scoring__passages') }} as passages
  on passages.as_of = cut_offs.as_of and passages.account_token = accounts.account_token
left join {{ ref('int_scoring__balances') }} as balances
  on balances.as_of = cut_offs.as_of and balances.account_token = accounts.account_token
left join returns
  on returns.as_of = cut_offs.as_of and returns.account_token = accounts.account_token
left join {{ ref('int_scoring__neighbours') }} as neighbours
  on neighbours.as_of = cut_offs.as_of and neighbours.account_token = accounts.account_token
left join {{ ref('int_scoring__shared_counterparties') }} as shared
  on shared.as_of = cut_offs.as_of and shared.account_token = accounts.account_token
left join {{ ref('int_scoring__distances') }} as distances
  on distances.as_of = cut_offs.as_of and distances.account_token = accounts.account_token
left join {{ ref('int_scoring__scatters') }} as scatters
  on scatters.as_of = cut_offs.as_of and scatters.account_token = accounts.account_token
left join {{ ref('int_scoring__gatherings') }} as gatherings
  on gatherings.as_of = cut_offs.as_of and gatherings.account_token = accounts.account_token
left join {{ ref('int_scoring__single_dealings') }} as singles
  on singles.as_of = cut_offs.as_of and singles.account_token = accounts.account_token
left join {{ ref('int_scoring__crowds') }} as crowds
  on crowds.as_of = cut_offs.as_of and crowds.account_token = accounts.account_token
left join {{ ref('int_scoring__twins') }} as twins
  on twins.as_of = cut_offs.as_of and twins.account_token = accounts.account_token
left join {{ ref('int_scoring__random_walks') }} as walks
  on walks.as_of = cut_offs.as_of and walks.account_token = accounts.account_token
left join {{ ref('int_scoring__taint_bounds') }} as taint
  on taint.as_of = cut_offs.as_of and taint.account_token = accounts.account_token
where accounts.owned
