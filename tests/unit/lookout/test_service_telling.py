"""The arrivals that a kernel writes, against what the library makes of the same arrivals as objects."""

import msgspec
import numpy as np
import pytest

from cleanroom.lookout.service.answers import Arrival
from cleanroom.lookout.service.expanding import hexes, moments
from cleanroom.lookout.service.telling import encode, written

_YEAR_1, _YEAR_10000 = (int(np.datetime64(day, "us").astype(np.int64)) for day in ("0001-01-01", "10000-01-01"))
_EDGES = [
    "0001-01-01",
    "1900-03-01",
    "1969-12-31T23:59:59.999999",
    "1970-01-01",
    "2000-02-29",
    "2024-12-31",
    "9999-12-31",
]


def drawn(count: int) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(count)
    ids = [draw.integers(0, 256, (count, 16), dtype=np.uint8) for _ in range(3)]
    at_us = draw.integers(_YEAR_1, _YEAR_10000, count)
    at_us[: len(_EDGES)] = np.array(_EDGES, "datetime64[us]").astype(np.int64)[:count]
    cents = draw.integers(0, 2**63 - 1, count) >> draw.integers(0, 63, count)
    return ids[0], draw.integers(1, 10, count).astype(np.uint8), at_us, *ids[1:], cents


@pytest.mark.parametrize("count", [0, 1, 2, 5_000])
def test_written_arrivals_are_what_the_objects_would_be(count):
    accounts, layers, at_us, vias, origins, cents = given = drawn(count)
    columns = hexes(accounts), layers.tolist(), moments(at_us), hexes(vias), hexes(origins), cents.tolist()
    arrivals = list(map(Arrival, *columns))
    found = written(*given)
    assert len(found) == len(arrivals) == count
    assert encode({"arrivals": found}) == msgspec.json.encode({"arrivals": arrivals})


def test_nothing_else_is_written_as_it_is():
    with pytest.raises(NotImplementedError):
        encode(object())
