{{ moneyflow_layer(2) }}
