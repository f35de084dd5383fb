{# A limit of the walk's rule from a variable: a whole number, or null where there is none. #}
{% macro moneyflow_limit(name, unit=1) -%}
  {%- set given = var(name, none) -%}
  cast({{ 'null' if given is none else (given | int) * unit }} as {{ dbt.type_bigint() }})
{%- endmacro %}
