"""Answers as JSON. A kernel writes the arrivals of an expansion: as objects they take most of a long answer's time."""

import msgspec
import numpy as np

from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.service.answers import Arrival

_HEX, _LAYER, _MOMENT, _CENTS = "0" * 32, 8, "0000-00-00T00:00:00.000000Z", 9
_SAMPLE = msgspec.json.encode(Arrival(_HEX, _LAYER, _MOMENT, _HEX, _HEX, _CENTS)) + b","
_BEFORE_CENTS, _AFTER_CENTS = _SAMPLE.split(b":9,")
_TEMPLATE = np.frombuffer(_BEFORE_CENTS + b":", np.uint8)
_TAIL = np.frombuffer(b"," + _AFTER_CENTS, np.uint8)
_MARKS = b'"account":"', b'"layer":', b'"at":"', b'"via":"', b'"came_from":"'
_PLACES = np.array([_SAMPLE.index(mark) + len(mark) for mark in _MARKS], np.int64)
_MOST_DIGITS = 19  # of 63 bits


class Written:
    """Arrivals as the JSON text of their list."""

    def __init__(self, text: memoryview, count: int):
        self.text, self._count = text, count

    def __len__(self) -> int:
        return self._count


def written(
    accounts: np.ndarray,
    layers: np.ndarray,
    at_us: np.ndarray,
    vias: np.ndarray,
    origins: np.ndarray,
    amount_cents: np.ndarray,
) -> Written:
    """What `encode` makes of a list of Arrival without paths: uint8[n, 16], uint8[n] (up to 9), int64[n] (years 0 to
    9999), uint8[n, 16] twice, int64[n] (not below 0)."""
    count = len(accounts)
    out = np.empty(2 + count * (len(_TEMPLATE) + _MOST_DIGITS + len(_TAIL)), np.uint8)
    tokens, ids, begins = (np.ascontiguousarray(rows).reshape(-1) for rows in (accounts, vias, origins))
    length = kernels("telling").write_arrivals(
        _TEMPLATE, len(_TEMPLATE), _PLACES, _TAIL, len(_TAIL), count, tokens, layers, at_us, ids, begins, amount_cents,
        out[1:],
    )  # fmt: skip
    end = max(length, 1)  # in the place of the last comma
    out[0], out[end] = ord("["), ord("]")
    return Written(memoryview(out[: end + 1]), count)


def _raw(value: object) -> msgspec.Raw:
    if isinstance(value, Written):
        return msgspec.Raw(value.text)
    raise NotImplementedError  # what msgspec expects of a hook for a type that it has no words for


encode = msgspec.json.Encoder(enc_hook=_raw).encode
