"""PostgreSQL, a recursive query, the way layers are mostly asked for: its cost grows with walks, not with accounts.

PostgreSQL allows no minimum inside a recursion, so every transfer that goes on from a walk is a row of its own.
"""

import psycopg

from benchmarks.moneyflow.answers import digests
from benchmarks.moneyflow.cases import LAYERS, Case, Engine, Found, NotMeasured, Task
from benchmarks.moneyflow.engines import postgres_tables as tables
from benchmarks.moneyflow.engines.postgres_layers import begun, read_layer
from benchmarks.moneyflow.engines.postgres_server import version
from benchmarks.moneyflow.timing import Clock, timed

_QUERY = """
create unlogged table answer as
with recursive walk (account, layer, at_us, via) as (
    select account, 0, at_us, -1 from begun
    union
    select t.receiver, walk.layer + 1, t.at_us, t.number
    from walk join transfers as t on t.sender = walk.account and t.at_us > walk.at_us
    where walk.layer < {layers}
)
select layer, account, min(at_us) as at_us, min(via) as via from walk where layer > 0 group by layer, account
"""


def together(task: Task) -> Found:
    found, clock = Found(), Clock()
    with tables.opened(task) as connection:
        starts, tokens = begun(connection, task)
        connection.execute("drop table if exists begun")
        connection.execute("create unlogged table begun (account int4, at_us int8)")
        connection.cursor().executemany("insert into begun values (%s, %s)", starts)
        connection.execute("analyze begun")
        for layers in LAYERS:
            found.facts["limit_s"] = task.limit_s
            found.cancelled = f"cancelled at layer {layers} after {task.limit_s:.0f} s"
            task.save(found)
            try:
                _ask(connection, layers, task.limit_s - clock(), found)
            except NotMeasured:
                return found
        found.cancelled = ""
        per_layer = [
            read_layer(connection, f"select account, at_us, via from answer where layer = {k}") for k in LAYERS
        ]
        found.answers = digests("together", per_layer, tokens)
    return found


def _ask(connection: psycopg.Connection, layers: int, within_s: float, found: Found) -> None:
    connection.execute("drop table if exists answer")
    with tables.at_most(connection, within_s), timed(found.seconds, str(layers)):
        connection.execute(_QUERY.format(layers=layers))


ENGINE = Engine(
    "postgres_recursive",
    "PostgreSQL, recursive",
    "postgres",
    version,
    {Case.BUILD: tables.build, Case.TOGETHER: together},
)
