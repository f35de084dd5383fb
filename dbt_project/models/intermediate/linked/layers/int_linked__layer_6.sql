{{ linked_layer(6) }}
