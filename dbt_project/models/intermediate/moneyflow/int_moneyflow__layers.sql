{%- for layer in range(7) %}
select * from {{ ref('int_moneyflow__layer_' ~ layer) }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
