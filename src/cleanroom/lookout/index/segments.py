"""Segments as files: which arrays they have, and how they come back."""

import numpy as np

from cleanroom.lookout.graph import Segment, Side
from cleanroom.lookout.index.container import Container
from cleanroom.lookout.index.fingerprints import Fingerprints
from cleanroom.lookout.index.tokens import packed_capacity

_COLUMNS = {"time_us": np.int64, "sender": np.uint32, "receiver": np.uint32, "amount_cents": np.int64}
_SIDES = ("outgoing", "incoming")
WALKED = {*_COLUMNS, *(f"{side}.{part}" for side in _SIDES for part in ("offsets", "number", "other"))}


def base_arrays(transfers: int, accounts: int, buckets: int) -> dict[str, tuple[type, tuple[int, ...]]]:
    """Dtype and shape of each array of a base. Ids and fingerprints lie at the end: no walk reads them."""
    sides = {}
    for side in _SIDES:
        sides[f"{side}.offsets"] = np.uint32, (accounts + 1,)
        sides[f"{side}.number"] = sides[f"{side}.other"] = np.uint32, (transfers,)
    columns = {name: (dtype, (transfers,)) for name, dtype in _COLUMNS.items()}
    return {
        **columns,
        **sides,
        "slots": (np.uint64, (packed_capacity(accounts),)),
        "fingerprints.offsets": (np.uint32, (buckets + 1,)),
        "fingerprints.tags": (np.uint32, (transfers,)),
        "transfer_id": (np.uint8, (transfers, 16)),
    }


def column_sources(segment: Segment) -> dict[str, np.ndarray]:
    return {name: getattr(segment, name) for name in (*_COLUMNS, "transfer_id")}


def side_sources(name: str, side: Side) -> dict[str, np.ndarray]:
    found = {f"{name}.offsets": side.offsets, f"{name}.number": side.number, f"{name}.other": side.other}
    return found if side.accounts is None else {f"{name}.accounts": side.accounts, **found}


def delta_sources(segment: Segment, fingerprints: np.ndarray, slots: np.ndarray) -> dict[str, np.ndarray]:
    """All arrays of a delta: its sorted fingerprints are whole, its slots hold the accounts that no base has."""
    return {
        **column_sources(segment),
        **side_sources("outgoing", segment.outgoing),
        **side_sources("incoming", segment.incoming),
        "fingerprints": fingerprints,
        "slots": slots,
    }


def shapes_of(sources: dict[str, np.ndarray]) -> dict[str, tuple[type, tuple[int, ...]]]:
    return {name: (array.dtype, array.shape) for name, array in sources.items()}


def segment_in(container: Container, *, compact: bool) -> Segment:
    sides = (
        Side(
            container.array(f"{side}.accounts") if compact else None,
            *(container.array(f"{side}.{part}") for part in ("offsets", "number", "other")),
        )
        for side in _SIDES
    )
    return Segment(*(container.array(name) for name in (*_COLUMNS, "transfer_id")), *sides)


def fingerprints_in(container: Container) -> Fingerprints:
    return Fingerprints(container.array("fingerprints.offsets"), container.array("fingerprints.tags"))
