-- Distance in layers from watch-listed accounts: forward (the money went here), backward (the money came from here).
with steps as (
  select
    layers.as_of,
    layers.direction,
    layers.account_token,
    layers.layer,
    case
      when layers.layer > 1
        then abs({{ seconds_since_epoch('layers.arrived_at') }} - {{ seconds_since_epoch('previous.arrived_at') }})
    end as hop_seconds
  from {{ ref('int_moneyflow__layers') }} as layers
  left join {{ ref('int_moneyflow__layers') }} as previous
    on previous.as_of = layers.as_of
    and previous.direction = layers.direction
    and previous.account_token = layers.from_account_token
    and previous.layer = layers.layer - 1
  where layers.layer > 0
)

select
  as_of,
  account_token,
  {%- for way in ['forward', 'backward'] %}
  min(case when direction = '{{ way }}' then layer end) as {{ way }}_layer,
  count(case when direction = '{{ way }}' then 1 end) as {{ way }}_layers,
  min(case when direction = '{{ way }}' then hop_seconds end) as {{ way }}_hop_seconds
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
from steps
group by as_of, account_token
