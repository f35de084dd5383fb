{{ linked_layer(4) }}
