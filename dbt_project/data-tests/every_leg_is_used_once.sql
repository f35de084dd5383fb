-- The join neither loses a landed leg nor counts one twice.
with landed as (
  select count(*) as legs from {{ ref('int_transfers__legs') }}
),

used as (
  select coalesce(sum(legs), 0) as legs from {{ ref('int_transfers__joined') }}
)

select landed.legs as landed, used.legs as used
from landed
cross join used
where landed.legs <> used.legs
