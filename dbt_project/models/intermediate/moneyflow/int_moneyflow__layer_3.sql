{{ moneyflow_layer(3) }}
