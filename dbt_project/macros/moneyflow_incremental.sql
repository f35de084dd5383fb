{# How layers follow what changed, see docs/adr/0023. All clocks are microseconds that grow along the walk. #}

{# Before every walk. #}
{% macro moneyflow_beginning() %}cast(-9000000000000000000 as {{ dbt.type_bigint() }}){% endmacro %}

{# Pre-hooks of the inputs: those of a build that was completed become the former ones, all others are forgotten. #}
{% macro moneyflow_retire_inputs() -%}
  {%- if is_incremental() -%} update {{ this }} set is_former = (layers_built = 6 and not is_former) where true {%- endif -%}
{%- endmacro %}

{% macro moneyflow_forget_inputs() -%}
  {%- if is_incremental() -%} delete from {{ this }} where not is_former {%- endif -%}
{%- endmacro %}

{# Pre-hooks of a layer: cut-offs that are no longer asked for, and from each change on what it can have affected. #}
{% macro moneyflow_forget_cut_offs() -%}
  {%- set cut_offs = ref('int_moneyflow__as_of') -%}
  {%- if is_incremental() -%}
  delete from {{ this }} where cut_off not in (select cut_off from {{ cut_offs }})
  {%- endif -%}
{%- endmacro %}

{% macro moneyflow_forget_changed() -%}
  {%- set changes = ref('int_moneyflow__changes') -%}
  {%- if is_incremental() -%}
  delete from {{ this }} as layer
  where exists (
    select 1 from {{ changes }} as changes
    where changes.cut_off = layer.cut_off and changes.direction = layer.direction
      and changes.clock <= {{ moneyflow_clock('layer.direction', 'layer.arrived_at') }}
  )
  {%- endif -%}
{%- endmacro %}

{# Post-hook of a layer: the inputs remember how far they are built, one layer after the other. #}
{% macro moneyflow_note_built() -%}
  {%- set layer = this.identifier.split('_')[-1] | int -%}
  update {{ ref('int_moneyflow__inputs') }} set layers_built = {{ layer }}
  where not is_former and layers_built = {{ layer - 1 }}
{%- endmacro %}
