{{ config(
  materialized='incremental',
  on_schema_change='fail',
  pre_hook=[
    '{{ when_incremental(moneyflow_retire_inputs(this)) }}',
    '{{ when_incremental(moneyflow_forget_inputs(this)) }}',
  ],
) }}
{%- set bigint = dbt.type_bigint() -%}
{%- set string = dbt.type_string() -%}
{%- set day_us = 86400 * 1000000 -%}
{%- set taipei_us = 8 * 3600 * 1000000 -%}
with steps as (
  select
    {{ microseconds('executed_at') }} as executed_us,
    {{ dbt.hash(
      "concat(transfer_id, '|', cast(clock as " ~ string ~ "), '|', from_account_token, '|', to_account_token)"
    ) }} as digest
  from {{ ref('int_moneyflow__steps') }}
  where direction = 'forward'
),

-- Of every day in Taipei: how many transfers, and their digests laid over each other.
days as (
  select
    executed_us - mod(executed_us + {{ taipei_us }}, {{ day_us }}) as clock,
    concat(
      cast(count(*) as {{ string }}), ' ',
      cast(bit_xor(cast(concat('0x', substr(digest, 1, 15)) as {{ bigint }})) as {{ string }}), ' ',
      cast(bit_xor(cast(concat('0x', substr(digest, 16, 15)) as {{ bigint }})) as {{ string }})
    ) as fingerprint
  from steps
  group by 1
),

inputs as (
  select
    'rule' as kind,
    cast(null as {{ dbt.type_timestamp() }}) as cut_off,
    cast(null as {{ string }}) as direction,
    cast(null as {{ string }}) as account_token,
    cast(null as {{ bigint }}) as clock,
    concat(
      coalesce(cast(max_delay_us as {{ string }}), '-'), ' ', coalesce(cast(hub_limit as {{ string }}), '-'), ' ',
      coalesce(cast(keep_latest as {{ string }}), '-'), ' ', code
    ) as fingerprint
  from {{ ref('int_moneyflow__rule') }}
  union all
  select 'day' as kind, null as cut_off, null as direction, null as account_token, clock, fingerprint
  from days
  union all
  select 'start' as kind, cut_off, direction, account_token, clock, null as fingerprint
  from {{ ref('int_moneyflow__starts') }}
)

select *, false as is_former, cast(-1 as {{ bigint }}) as layers_built
from inputs
