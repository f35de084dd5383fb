{# Whether the whole or a part of a text matches a regular expression; anchors belong to the pattern. #}
{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches')(text, pattern)) }}{% endmacro %}
{% macro default__matches(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}
{% macro bigquery__matches(text, pattern) %}regexp_contains({{ text }}, r'{{ pattern }}'){% endmacro %}
