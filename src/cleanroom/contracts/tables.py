"""Shapes of the tables in which stations meet, derived from the data specification.

Names by stage: at the institution `sender_account` (clear); sealed `sender_account_t1` (32 bytes, first hash, exists
in envelopes and in memory only); landed `sender_account_token` (second hash, 16 bytes as 32 lower-case hex digits).
Money is int64 TWD cents (`amount_twd` -> `amount_cents`). Times are UTC with microseconds.
"""

import pyarrow as pa

from cleanroom.contracts.specification import DatasetContract, Field

UTC_TIMESTAMP = pa.timestamp("us", tz="UTC")
LANDING, ROUTING = "landing", "routing"
EPOCH = b"cleanroom.epoch"  # of K2, in the metadata of the files of the published graph

PROVENANCE = [
    pa.field("participant", pa.string(), nullable=False),
    pa.field("submission_id", pa.string(), nullable=False),
    pa.field("row_number", pa.int64(), nullable=False),
]

# landing.submissions: the intake ledger; one row per landed submission, committed with its rows. It stays when the rows
# go: a number that was used stays used. `state`: accepted (its rows are here), superseded or withdrawn.
SUBMISSIONS = pa.schema(
    [
        pa.field("submission_id", pa.string(), nullable=False),  # SHA-256 of the canonical manifest, hex
        pa.field("participant", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("draw", pa.string(), nullable=False),  # the end of its place in the object store
        pa.field("specification_version", pa.int64(), nullable=False),
        pa.field("period_from", pa.date32(), nullable=False),
        pa.field("period_to", pa.date32(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),  # manifest and sealed parts
        pa.field("landed_at", UTC_TIMESTAMP, nullable=False),
        pa.field("state", pa.string(), nullable=False),
        pa.field("supersedes", pa.string()),  # the submission whose rows these replaced
        pa.field("ended_at", UTC_TIMESTAMP),  # when the rows went
        # How many accounts of other institutions it named, and how many of them nobody had named before.
        pa.field("others_accounts", pa.int64()),
        pa.field("never_seen_accounts", pa.int64()),
        pa.field("profile", pa.string()),  # counts that later submissions are compared with (quality.profile), JSON
    ]
)

# routing.handles: the way back. Read by dispatch alone; the handle opens only at the institution that issued it.
HANDLES = pa.schema(
    [
        pa.field("participant", pa.string(), nullable=False),
        pa.field("submission_id", pa.string(), nullable=False),
        pa.field("account_token", pa.string(), nullable=False),
        pa.field("handle", pa.string(), nullable=False),  # AES-SIV, base64url without padding
    ]
)

_ARROW = {
    "text": pa.string(),
    "timestamp": UTC_TIMESTAMP,
    "date": pa.date32(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
}


def clear_schema(contract: DatasetContract) -> pa.Schema:
    """Parsed but not yet hashed rows, at the institution only. Identifiers are canonical text."""
    return pa.schema([_column(f, pa.string(), f.name) for f in contract.fields])


def sealed_schema(contract: DatasetContract) -> pa.Schema:
    """Rows of an opened envelope: identifiers are first-hash tokens; `accounts` carries the routing handle."""
    columns = [pa.field("row_number", pa.int64(), nullable=False)]
    columns += [_column(f, pa.binary(32), f"{f.name}_t1") for f in contract.fields]
    if contract.dataset == "accounts":
        columns.append(pa.field("handle", pa.binary(), nullable=False))
    return pa.schema(columns)


def incoming_schema(landed: pa.Schema) -> pa.Schema:
    """What a station hands to the warehouse: whose rows they are, the warehouse writes itself."""
    return pa.schema([f for f in landed if f.name not in ("participant", "submission_id")])


def landed_schema(contract: DatasetContract) -> pa.Schema:
    """Rows of `landing.<dataset>`: identifiers are final tokens."""
    return pa.schema(PROVENANCE + [_column(f, pa.string(), f"{f.name}_token") for f in contract.fields])


def _column(spec: Field, identifier_type: pa.DataType, identifier_name: str) -> pa.Field:
    if spec.is_identifier:
        return pa.field(identifier_name, identifier_type, nullable=not spec.required)
    if spec.physical_type.startswith("decimal"):
        return pa.field(cents_name(spec.name), pa.int64(), nullable=not spec.required)
    return pa.field(spec.name, _ARROW[spec.physical_type], nullable=not spec.required)


def cents_name(column: str) -> str:
    """`amount_twd` -> `amount_cents`: the unit stands in the name."""
    return column.removesuffix("_twd") + "_cents"
