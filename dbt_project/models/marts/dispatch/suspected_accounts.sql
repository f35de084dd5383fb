select release_id, as_of, account_token, institution, score, place, reasons
from {{ ref('released_scores') }}
where place <= {{ var('warning_capacity', 100) | int }}
