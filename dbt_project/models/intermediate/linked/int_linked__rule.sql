-- The models join it at run time, so that another rule needs no other SQL.
{%- for kind in var('link_kinds') %}
select '{{ kind }}' as identifier_kind, cast({{ var('link_limit') }} as {{ dbt.type_bigint() }}) as link_limit
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
