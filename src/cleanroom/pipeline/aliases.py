"""What bridges (contracts/bridge.py) told the warehouse: other names of what the graph knows, and who has bridged."""

import pyarrow as pa

from cleanroom.contracts.manifest import Manifest
from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.errors import KeyRefused
from cleanroom.intake import bridging
from cleanroom.pipeline.room import Room
from cleanroom.stores.ports import Statement, Warehouse

ALIASES_TABLE, BRIDGES_TABLE = "landing.aliases", "landing.bridges"
ALIASES = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("before_kid", "after_kid", *bridging.ALIASES.names)]
)
BRIDGES = pa.schema(
    [
        pa.field("bridge_id", pa.string(), nullable=False),
        pa.field("participant", pa.string(), nullable=False),
        pa.field("before_kid", pa.string(), nullable=False),
        pa.field("after_kid", pa.string(), nullable=False),
        pa.field("pairs", pa.int64(), nullable=False),
        pa.field("taken_at", UTC_TIMESTAMP, nullable=False),
    ]
)


def check_not_bridged(room: Room, manifest: Manifest) -> None:
    """An institution that has bridged away from a key sends nothing more under it: its bridge could not name what
    comes later. Raises KeyRefused."""
    if not room.warehouse.table_exists(BRIDGES_TABLE):
        return
    found = room.warehouse.query(
        f"select count(*) as n from {BRIDGES_TABLE} where participant = ? and before_kid = ?",
        [manifest.participant, manifest.hash_kid],
    )
    if found["n"][0].as_py():
        raise KeyRefused(
            "this institution has sent its bridge away from the first-hash key of this submission; seal it again "
            "under the key in use",
            zh="本機構已送交此一次雜湊金鑰之代碼對應，不再收受以其產生之上傳件；請以現用金鑰重新封裝",
            rule="hash_kid_bridged",
        )


def aliases_for(warehouse: Warehouse, hash_kid: str) -> dict[str, str]:
    """Token under this key -> the name that the graph knows."""
    if not warehouse.table_exists(ALIASES_TABLE):
        return {}
    found = warehouse.query(f"select alias_token, known_token from {ALIASES_TABLE} where after_kid = ?", [hash_kid])
    return dict(zip(found["alias_token"].to_pylist(), found["known_token"].to_pylist(), strict=True))


def taken(warehouse: Warehouse, after_kid: str) -> pa.Table:
    sql = f"select alias_token, known_token from {ALIASES_TABLE} where after_kid = ?"
    return warehouse.query(sql, [after_kid]).cast(bridging.ALIASES)


def ensure_aliases(warehouse: Warehouse) -> None:
    for table, schema in ((ALIASES_TABLE, ALIASES), (BRIDGES_TABLE, BRIDGES)):
        if not warehouse.table_exists(table):
            warehouse.replace_rows(table, schema.empty_table(), where="false")


def recording() -> list[Statement]:
    """Copies the given tables `aliases` and `bridges`."""
    return [(_insert(ALIASES_TABLE, ALIASES), []), (_insert(BRIDGES_TABLE, BRIDGES), [])]


def _insert(table: str, schema: pa.Schema) -> str:
    columns = ", ".join(schema.names)
    return f"insert into {table} ({columns}) select {columns} from given.{table.split('.')[1]}"
