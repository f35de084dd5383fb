with moments as (
  select executed_at as moment from {{ ref('int_transfers__joined') }}
  union all
  select occurred_at from {{ ref('stg_landing__list_events') }}
),

-- The end of the data: just after the last thing that happened, because "as of" means strictly before.
bounds as (
  select min(moment) as first_at, {{ add_seconds('max(moment)', 1) }} as end_at
  from moments
  having count(*) > 0
),

cut_offs as (
  {%- for back in range(var('as_of_count') | int(8)) %}
  select
    {{ add_days('end_at', '-' ~ back ~ ' * ' ~ var('as_of_step_days')) }} as as_of,
    {{ back == 0 }} as is_latest,
    first_at
  from bounds
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)

select as_of, is_latest
from cut_offs
where as_of > first_at
