"""A path between two accounts. It runs in a thread."""
