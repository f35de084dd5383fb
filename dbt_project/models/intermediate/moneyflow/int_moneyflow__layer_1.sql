{{ moneyflow_layer(1) }}
