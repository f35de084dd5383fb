{# 32 lower-case hex digits: a second-hash token and never an identifier in clear. Null is left to not_null. #}
{% test is_token(model, column_name) %}
select 1 as broken
from {{ model }}
where {{ column_name }} is not null and not {{ matches(column_name, '^[0-9a-f]{32}$') }}
{% endtest %}
