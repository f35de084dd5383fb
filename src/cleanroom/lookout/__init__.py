"""The locked room's online service: the graph of transfers in memory-mapped arrays, answering one account at a time.

It reads what the warehouse published (`transfers` as Parquet) and opens no warehouse. `kernels` are compiled once and
kept; `graph` is the arrays' layout; `index` builds, opens, extends and merges them.
"""
