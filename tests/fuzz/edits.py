"""Good JSON, changed in odd ways: a search over raw bytes hardly ever gets past the braces.

Three bytes make one edit: where, what, and with which value. The same bytes give the same document.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

ODD = [
    None, True, False, -1, 0, 1, 2**31, 2**53, 2**53 + 1, 10**40, -0.0, 0.5, 1e308, float("nan"), float("inf"),
    "", " ", "x" * 300, "\0", "..", "../..", "/etc/passwd", "=1+1", "\u202e", "\ud800", "８２２", "822", "808", "999",
    "2025-04-01", "0001-01-01", "9999-12-31", "2025-04-01T00:00:00Z", "114/04/01", "1e5", "csv", "query", "cp950",
    [], {}, [[]], [None], {"": None}, {"files": {}},
]  # fmt: skip


def edited(document: Any, data: bytes) -> bytes:
    """`document` as compact JSON with sorted keys, after the edits that `data` spells."""
    changed = [copy.deepcopy(document)]
    for at in range(0, min(len(data), 30) - 2, 3):
        _edit(changed, *data[at : at + 3])
    return json.dumps(changed[0], separators=(",", ":"), sort_keys=True, default=str).encode()


def _edit(document: list, where: int, what: int, which: int) -> None:
    places = list(_places(document))
    container, key = places[where % len(places)]
    match what % 4:
        case 0 | 1:
            container[key] = copy.deepcopy(ODD[which % len(ODD)])
        case 2 if container is not document:
            del container[key]
        case _:
            _add(container[key], copy.deepcopy(ODD[which % len(ODD)]))


def _add(value: Any, odd: Any) -> None:
    if isinstance(value, dict):
        value[str(odd)] = odd
    elif isinstance(value, list):
        value.append(odd)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place that holds a value, outermost first. Odd values hold nothing else than they do in ODD."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])
