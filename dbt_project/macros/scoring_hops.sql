{# Transfers from one account to another, the hops that cycles and scatter-gather are made of; times also in seconds. #}
{% macro scoring_hops() -%}
select
    transfer_id,
    sender_account_token as sender,
    receiver_account_token as receiver,
    executed_at,
    {{ seconds_since_epoch('executed_at') }} as executed_second
  from {{ ref('int_transfers__joined') }}
  where not reversed
    and sender_account_token <> receiver_account_token
{%- endmacro %}
