"""The portal: the open side of the clean room. It holds no key of the room and no row of transfers."""
