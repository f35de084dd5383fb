"""Ports to the outside and their engines: the only modules that import a storage, warehouse or HTTP client."""
