{# The station's own name on DuckDB; `<prefix>_<station>` on BigQuery, where a project's datasets share one namespace. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {%- set station = (custom_schema_name or target.schema) | trim -%}
  {%- if target.type == 'bigquery' and custom_schema_name -%}
    {{ target.schema }}_{{ station }}
  {%- else -%}
    {{ station }}
  {%- endif -%}
{%- endmacro %}
