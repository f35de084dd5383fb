-- Every layer was built from the same inputs, one after the other: a run that was cut off leaves no mixed answer.
-- depends_on: {{ ref('int_moneyflow__layers') }}
select layers_built
from {{ ref('int_moneyflow__inputs') }}
where not is_former and layers_built <> 6
