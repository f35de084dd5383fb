{{ linked_layer(3) }}
