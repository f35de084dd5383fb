{{ linked_layer(1) }}
