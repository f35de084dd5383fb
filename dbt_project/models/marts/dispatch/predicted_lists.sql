-- By how many times likelier than the average account a scored account is to be watch-listed within the horizon: a
-- threshold that means the same whatever share of accounts is listed. An account stands on one list, the gravest.
with named as (
  select
    *,
    case
      when times_average >= {{ var('predicted_watch_times') }} then 'watch'
      when times_average >= {{ var('predicted_black_times') }} then 'black'
      when times_average >= {{ var('predicted_grey_times') }} then 'grey'
    end as list_name
  from {{ ref('released_scores') }}
)

select release_id, as_of, account_token, institution, list_name, score, times_average, place, reasons
from named
where list_name is not null
