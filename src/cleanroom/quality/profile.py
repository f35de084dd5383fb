"""What is kept of a submission to compare later ones with: how many rows, how many empty values, how often each
agreed word. Counts only, of columns whose values everyone knows: no identifier, no amount, no time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import Field


@dataclass(frozen=True)
class Profile:
    """`days` of the period. `nulls`: column -> empty values. `values`: column -> value -> rows, for closed sets."""

    rows: int
    days: int
    nulls: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __add__(self, other: "Profile") -> "Profile":
        """Of two batches of one file; the order does not matter."""
        columns = {**self.values, **other.values}
        return Profile(
            rows=self.rows + other.rows,
            days=max(self.days, other.days),
            nulls=_added(self.nulls, other.nulls),
            values={c: _added(self.values.get(c, {}), other.values.get(c, {})) for c in columns},
        )

    def share(self, column: str, value: str | None) -> float:
        """Of all rows: those in which `column` is empty, or holds `value`."""
        count = self.nulls.get(column, 0) if value is None else self.values.get(column, {}).get(value, 0)
        return count / self.rows if self.rows else 0.0

    def to_json(self) -> str:
        told = {"rows": self.rows, "days": self.days, "nulls": dict(self.nulls), "values": dict(self.values)}
        return json.dumps(told, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Profile":
        """What `to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        told = json.loads(text)
        return cls(rows=told["rows"], days=told["days"], nulls=told["nulls"], values=told["values"])


def profile_of(batch: pa.Table, columns: Mapping[str, Field], *, days: int) -> Profile:
    """Of one batch. `columns`: column of the batch -> the specification's field; the profile uses the field's name, so
    that a clear file and its landed rows have the same one."""
    return Profile(
        rows=batch.num_rows,
        days=days,
        nulls={spec.name: batch[name].null_count for name, spec in columns.items() if not spec.required},
        values={spec.name: _counts(batch[name], spec) for name, spec in columns.items() if _closed(spec)},
    )


def total(profiles: list[Profile], *, days: int) -> Profile:
    return reduce(Profile.__add__, profiles, Profile(rows=0, days=days))


def _closed(spec: Field) -> bool:
    """A closed set of words. Institution codes are none: which partners a bank has is its business."""
    return bool(spec.enum) or spec.physical_type == "boolean"


def _counts(values: pa.ChunkedArray, spec: Field) -> dict[str, int]:
    """Only the agreed words: whatever else stands in the column is the gate's business and not repeated here."""
    known = set(spec.enum) or {"true", "false"}
    counted = ((str(c["values"]).lower() if not spec.enum else c["values"], c["counts"]) for c in _tally(values))
    return {value: count for value, count in counted if value in known}


def _tally(values: pa.ChunkedArray) -> list[dict]:
    return pc.value_counts(values.combine_chunks()).to_pylist() if len(values) else []


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
