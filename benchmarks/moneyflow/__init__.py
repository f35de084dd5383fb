"""Money flow on every engine: the same graphs, the same questions, one table, one chart. See benchmarks/README.md."""
