{{ linked_layer(5) }}
