{# Landed rows of `source`, without those that a later submission of the same participant states again.
   `key`: the columns by which the institution knows the row. Rows of one submission never replace each other. #}
{% macro latest_submission(dataset, key) %}
  select landed.*
  from {{ source('landing', dataset) }} as landed
  inner join {{ ref('stg_landing__submissions') }} as submission
    on submission.submission_id = landed.submission_id
  where true {# BigQuery wants a where before qualify #}
  qualify submission.sequence = max(submission.sequence) over (partition by landed.participant, {{ key | join(', ') }})
{% endmacro %}
