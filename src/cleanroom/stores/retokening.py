"""Tokens get other names, everywhere at once: every `*_token` column of every table, in one transaction.

Tables that are built anew are rewritten as well, so that no two tables ever name the same thing differently. SQL only:
the same on every engine.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.errors import WarehouseFault
from cleanroom.stores.ports import Statement, Warehouse

SUFFIX = "_token"
RENAMED = pa.schema([pa.field("before", pa.string(), nullable=False), pa.field("after", pa.string(), nullable=False)])


def tokens_in(warehouse: Warehouse) -> pa.Array:
    """Every token that any table holds, once, in order."""
    found = [
        warehouse.query(f"select distinct {column} as token from {table} where {column} is not null")["token"]
        for table, column in warehouse.columns_ending(SUFFIX)
    ]
    chunks = [chunk.cast(pa.string()) for column in found for chunk in column.chunks]
    return pc.unique(pa.chunked_array(chunks, pa.string())).sort()


def rename(
    warehouse: Warehouse,
    renamed: pa.Table,
    *,
    also: Sequence[Statement] = (),
    given: Mapping[str, pa.Table] | None = None,
) -> None:
    """`renamed`: of the form RENAMED, each `before` once; what is not named stays. `also` runs in the same
    transaction, after it, and may read `given`. Raises WarehouseFault; then everything is as it was."""
    if len(pc.unique(renamed["before"])) != renamed.num_rows:
        raise WarehouseFault(
            "a token would get two names; nothing was changed", zh="有代碼將得兩個名稱；未變更任何內容"
        )
    columns = warehouse.columns_ending(SUFFIX) if renamed.num_rows else []
    statements = [(_update(table, column), []) for table, column in columns]
    warehouse.transact([*statements, *also], given={**(given or {}), "renamed": renamed})


def _update(table: str, column: str) -> str:
    return (
        f"update {table} as kept set {column} = renamed.after"
        f" from given.renamed as renamed where kept.{column} = renamed.before"
    )
