{{ moneyflow_layer(5) }}
