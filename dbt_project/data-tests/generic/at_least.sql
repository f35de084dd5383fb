{# No value is below the minimum. Null is left to not_null. #}
{% test at_least(model, column_name, minimum) %}
select 1 as broken
from {{ model }}
where {{ column_name }} < {{ minimum }}
{% endtest %}
