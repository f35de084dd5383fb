{# Number of the day in Taipei (UTC+8 all year since 1980) of a second since 1970. #}
{% macro taipei_day_number(second) %}floor(({{ second }} + 8 * 3600) / 86400){% endmacro %}
