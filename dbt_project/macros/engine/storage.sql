{# Settings of a table that is read by day and by key: `config(by_day('executed_at', ['account_token']))`.
   DuckDB keeps its own statistics per row group and takes no such settings. #}
{% macro by_day(moment, keys) %}{{ return(adapter.dispatch('by_day')(moment, keys)) }}{% endmacro %}
{% macro default__by_day(moment, keys) %}{{ return({}) }}{% endmacro %}
{% macro bigquery__by_day(moment, keys) -%}
  {{ return({
    'partition_by': {'field': moment, 'data_type': 'timestamp', 'granularity': 'day'},
    'cluster_by': keys,
  }) }}
{%- endmacro %}
