"""DuckDB, a recursive query with USING KEY: a round keeps the first arrival for each account and layer."""

from benchmarks.moneyflow.engines.duckdb_rounds import engine

_QUERY = """
with recursive walk using key (layer, account) as (
    select 0 as layer, account, at_us, via from begun
    union
    select any_value(walk.layer) + 1, t.receiver, min(t.at_us), min(t.number)
    from walk join transfers as t on t.sender = walk.account and t.at_us > walk.at_us
    where walk.layer < {layers} group by t.receiver
)
select layer, account, at_us, via from walk where layer > 0
"""

ENGINE = engine("duckdb_using_key", "DuckDB, recursive USING KEY", _QUERY)
