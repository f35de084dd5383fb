{{ config(by_day('cut_off', ['direction', 'account_token'])) }}
{{ moneyflow_layer(3) }}
