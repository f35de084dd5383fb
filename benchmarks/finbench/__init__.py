"""LDBC FinBench transaction workload, complex reads 1, 2, 3, 5, 6 and 8, answered by the lookout's engine.

The benchmark's specification: LDBC Financial Benchmark, version 0.1, https://ldbcouncil.org/benchmarks/finbench/.
"""
