{{ moneyflow_layer(6) }}
