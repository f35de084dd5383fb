with steps as (
{%- for layer in range(7) %}
  select * from {{ ref('int_linked__layer_' ~ layer) }}
  {%- if not loop.last %}
  union all
  {%- endif %}
{%- endfor %}
)

select
  *,
  row_number() over (
    partition by as_of, direction, account_token, layer
    order by {{ moneyflow_clock('direction', 'arrived_at') }}, case when step = 'link' then 1 else 0 end
  ) = 1 as is_first
from steps
