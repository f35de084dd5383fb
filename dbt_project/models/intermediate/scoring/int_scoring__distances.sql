-- Distance in layers from watch-listed accounts: forward (the money went here), backward (the money came from here).
with steps as (
  select
    as_of,
    direction,
    account_token,
    layer,
    case
      when layer > 1 then abs({{ seconds_since_epoch('arrived_at') }} - {{ seconds_since_epoch('from_arrived_at') }})
    end as hop_seconds
  from {{ ref('int_moneyflow__layers') }}
  where layer > 0
)

select
  as_of,
  account_token,
  {%- for way in ['forward', 'backward'] %}
  min(case when direction = '{{ way }}' then layer end) as {{ way }}_layer,
  count(distinct case when direction = '{{ way }}' then layer end) as {{ way }}_layers,
  min(case when direction = '{{ way }}' then hop_seconds end) as {{ way }}_hop_seconds
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
from steps
group by as_of, account_token
