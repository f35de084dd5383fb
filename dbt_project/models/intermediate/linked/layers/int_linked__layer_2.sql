{{ linked_layer(2) }}
