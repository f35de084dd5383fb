{# How layers follow what changed, see docs/adr/0093. All clocks are microseconds that grow along the walk. #}

{# Before every walk. #}
{% macro moneyflow_beginning() %}cast(-9000000000000000000 as {{ dbt.type_bigint() }}){% endmacro %}

{# A hook's statement where the table stands already. Called with the statement, so that dbt sees what it reads. #}
{% macro when_incremental(statement) %}{{ statement if is_incremental() else '' }}{% endmacro %}

{# Of the inputs that `table` holds, those of a completed build become the former ones; all others are forgotten. #}
{% macro moneyflow_retire_inputs(table) -%}
  update {{ table }} set is_former = (layers_built = 6 and not is_former) where true
{%- endmacro %}

{% macro moneyflow_forget_inputs(table) -%}
  delete from {{ table }} where not is_former
{%- endmacro %}

{# A layer's rows of cut-offs that nobody asks for any more. #}
{% macro moneyflow_forget_cut_offs(layer) -%}
  delete from {{ layer }} where cut_off not in (select cut_off from {{ ref('int_moneyflow__as_of') }})
{%- endmacro %}

{# A layer's rows that a change can have affected. #}
{% macro moneyflow_forget_changed(layer) -%}
  delete from {{ layer }} as layer
  where exists (
    select 1 from {{ ref('int_moneyflow__changes') }} as changes
    where changes.cut_off = layer.cut_off and changes.direction = layer.direction
      and changes.clock <= {{ moneyflow_clock('layer.direction', 'layer.arrived_at') }}
  )
{%- endmacro %}

{# The inputs remember how far they are built, one layer after the other. #}
{% macro moneyflow_note_built(layer) -%}
  {%- set place = layer.identifier.split('_')[-1] | int -%}
  update {{ ref('int_moneyflow__inputs') }} set layers_built = {{ place }}
  where not is_former and layers_built = {{ place - 1 }}
{%- endmacro %}
