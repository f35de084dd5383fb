{# Every edge ends in nodes: for each of `ends` (from, to) the token is a node of that kind, known no later. #}
{% test ends_in(model, nodes, ends) %}
{%- for end in ends %}
select 1 as broken
from {{ model }} as edge
left join {{ nodes }} as node
  on node.node_token = edge.{{ end }}_token
  and node.kind = edge.{{ end }}_kind
  and node.known_from <= edge.known_from
where node.node_token is null
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{% endtest %}
