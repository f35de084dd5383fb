{# The expression is true of every row; unknown counts as false. #}
{% test holds(model, expression) %}
select 1 as broken
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
