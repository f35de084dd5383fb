{%- set day_us = 86400 * 1000000 -%}
with inputs as (
  select * from {{ ref('int_moneyflow__inputs') }}
),

-- Layers of another rule or of an unfinished build are never mixed with new ones.
standing as (
  select count(*) > 0 as stands
  from inputs as former
  inner join inputs as present on present.kind = former.kind and present.fingerprint = former.fingerprint
  where former.kind = 'rule' and former.is_former and not present.is_former
),

-- Days whose transfers are no longer the same ones. `begins_us` and `ends_us`: microseconds since 1970.
changed_days as (
  select clock as begins_us, clock + {{ day_us }} as ends_us
  from inputs
  where kind = 'day'
  group by clock
  having count(distinct fingerprint) > 1 or count(*) = 1
),

-- Starts that are new, gone or moved.
changed_starts as (
  select cut_off, direction, account_token, clock
  from inputs
  where kind = 'start'
  group by cut_off, direction, account_token, clock
  having count(*) = 1
),

directions as (
  select 'forward' as direction
  union all
  select 'backward' as direction
),

ways as (
  select
    cut_offs.cut_off,
    ways.direction,
    {{ microseconds('cut_offs.cut_off') }} as cut_off_us,
    standing.stands,
    rule.hub_limit is not null or rule.keep_latest is not null as looks_ahead
  from {{ ref('int_moneyflow__as_of') }} as cut_offs
  cross join directions as ways
  cross join standing
  cross join {{ ref('int_moneyflow__rule') }} as rule
),

-- Backward, what happened after the last notice is on no walk.
last_notices as (
  select cut_off, -min(clock) as last_us
  from inputs
  where kind = 'start' and not is_former and direction = 'backward'
  group by cut_off
),

by_transfers as (
  select
    ways.cut_off,
    ways.direction,
    min(case
      when ways.looks_ahead then {{ moneyflow_beginning() }}
      when ways.direction = 'forward' then days.begins_us
      when days.begins_us < last_notices.last_us then -least(days.ends_us, last_notices.last_us)
    end) as clock
  from ways
  inner join changed_days as days on days.begins_us < ways.cut_off_us
  left join last_notices on last_notices.cut_off = ways.cut_off
  group by ways.cut_off, ways.direction
),

by_starts as (
  select cut_off, direction, min(clock) as clock
  from changed_starts
  group by cut_off, direction
),

earliest as (
  select
    ways.cut_off,
    ways.direction,
    case
      when not ways.stands then {{ moneyflow_beginning() }}
      else least(
        coalesce(by_transfers.clock, by_starts.clock), coalesce(by_starts.clock, by_transfers.clock)
      )
    end as clock
  from ways
  left join by_transfers on by_transfers.cut_off = ways.cut_off and by_transfers.direction = ways.direction
  left join by_starts on by_starts.cut_off = ways.cut_off and by_starts.direction = ways.direction
)

select cut_off, direction, clock
from earliest
where clock is not null
