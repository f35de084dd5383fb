{{ moneyflow_layer(4) }}
