select
  submission_id,
  participant,
  dataset,
  sequence,
  specification_version,
  period_from,
  period_to,
  landed_at
from {{ source('landing', 'submissions') }}
-- What was superseded or withdrawn keeps its ledger row, and has no rows any more.
where state = 'accepted'
