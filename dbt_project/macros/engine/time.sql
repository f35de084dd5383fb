{# Time arithmetic: the engines name it differently. Times are UTC; results are exact to the microsecond. #}

{% macro microseconds(moment) %}{{ return(adapter.dispatch('microseconds')(moment)) }}{% endmacro %}
{% macro default__microseconds(moment) %}epoch_us({{ moment }}){% endmacro %}
{% macro bigquery__microseconds(moment) %}unix_micros({{ moment }}){% endmacro %}

{# Whole seconds since 1970, rounded down. #}
{% macro seconds_since_epoch(moment) %}{{ return(adapter.dispatch('seconds_since_epoch')(moment)) }}{% endmacro %}
{% macro default__seconds_since_epoch(moment) %}(epoch_us({{ moment }}) // 1000000){% endmacro %}
{% macro bigquery__seconds_since_epoch(moment) %}unix_seconds({{ moment }}){% endmacro %}

{% macro add_seconds(moment, seconds) %}{{ return(adapter.dispatch('add_seconds')(moment, seconds)) }}{% endmacro %}
{% macro default__add_seconds(moment, seconds) %}({{ moment }} + to_seconds({{ seconds }})){% endmacro %}
{% macro bigquery__add_seconds(moment, seconds) %}timestamp_add({{ moment }}, interval {{ seconds }} second){% endmacro %}

{% macro add_days(moment, days) %}{{ return(add_seconds(moment, '(' ~ days ~ ') * 86400')) }}{% endmacro %}

{# Whole years by the calendar: 29 February becomes 28 February. #}
{% macro add_years(moment, years) %}{{ return(adapter.dispatch('add_years')(moment, years)) }}{% endmacro %}
{% macro default__add_years(moment, years) %}({{ moment }} + to_years({{ years }})){% endmacro %}
{% macro bigquery__add_years(moment, years) -%}
  timestamp(datetime_add(datetime({{ moment }}), interval {{ years }} year))
{%- endmacro %}

{# Taiwan has kept UTC+8 all year since 1980; periods of submissions are its days. #}
{% macro taipei_day(moment) %}cast({{ add_seconds(moment, 8 * 3600) }} as date){% endmacro %}

{# The moment of a whole number of seconds since 1970. #}
{% macro moment_of(second) %}{{ return(add_seconds("cast('1970-01-01 00:00:00' as timestamp)", '(' ~ second ~ ')')) }}{% endmacro %}
