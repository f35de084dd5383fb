"""DuckDB, a recursive query as it is mostly written: every transfer that goes on from a walk is a row of its own."""

from benchmarks.moneyflow.engines.duckdb_rounds import engine

_QUERY = """
with recursive walk as (
    select account, 0 as layer, at_us, via from begun
    union
    select t.receiver, walk.layer + 1, t.at_us, t.number
    from walk join transfers as t on t.sender = walk.account and t.at_us > walk.at_us
    where walk.layer < {layers}
)
select layer, account, min(at_us) as at_us, min(via) as via from walk where layer > 0 group by all
"""

ENGINE = engine("duckdb_recursive", "DuckDB, recursive", _QUERY, heeds_limit=False)
