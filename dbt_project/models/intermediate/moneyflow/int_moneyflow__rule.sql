-- The models join it at run time, so that another rule needs no other SQL.
select
  {{ moneyflow_limit('walk_max_delay_seconds', 1000000) }} as max_delay_us,
  {{ moneyflow_limit('walk_hub_limit') }} as hub_limit,
  {{ moneyflow_limit('walk_keep_latest') }} as keep_latest,
  '{{ env_var("CLEANROOM_DBT_CODE", "") }}' as code
