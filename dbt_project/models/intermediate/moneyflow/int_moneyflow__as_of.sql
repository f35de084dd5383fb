{%- set step = var('as_of_step_days') * 86400 -%}
{%- set monday_in_taipei = 4 * 86400 - 8 * 3600 -%} {# seconds from 1970 to its first Monday there #}
with moments as (
  select executed_at as moment from {{ ref('int_transfers__joined') }}
  union all
  select occurred_at from {{ ref('stg_landing__list_events') }}
),

-- The end of the data: the second after the last thing that happened, because "as of" means strictly before.
bounds as (
  select
    min(moment) as first_at,
    max({{ seconds_since_epoch('moment') }}) + 1 as end_second,
    max({{ seconds_since_epoch('moment') }}) + 1 - ({{ monday_in_taipei }}) as since_monday
  from moments
  having count(*) > 0
),

-- The calendar's cut-offs stay where they are when data arrives; only the last one is still open.
next_cut_off as (
  select
    first_at,
    {{ moment_of('end_second') }} as end_at,
    {{ moment_of('end_second + mod(' ~ step ~ ' - mod(since_monday, ' ~ step ~ '), ' ~ step ~ ')') }} as cut_off
  from bounds
),

cut_offs as (
  {%- for back in range(var('as_of_count') | int(8)) %}
  select
    {{ add_days('cut_off', '-' ~ back ~ ' * ' ~ var('as_of_step_days')) }} as cut_off,
    end_at,
    {{ back == 0 }} as is_latest,
    first_at
  from next_cut_off
  {%- if not loop.last %}
  union all
  {%- endif %}
  {%- endfor %}
)

select cut_off, least(cut_off, end_at) as as_of, is_latest
from cut_offs
where is_latest or cut_off > first_at
