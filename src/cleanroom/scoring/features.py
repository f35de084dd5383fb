"""What the model reads of `scoring.account_features`, and how rows become a matrix."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from cleanroom.scoring.package_data import read_yaml
from cleanroom.scoring.reasons import reason


@dataclass(frozen=True)
class Feature:
    """One column. `direction`: 1 where the score may only rise with it, 0 where it is free.

    `sources`: `dataset.field` of the data specification. `own`: says nothing of who stands at the other end.
    `personal`: an attribute of a person, `because` its ground.
    """

    name: str
    direction: int
    reason: str
    sources: tuple[str, ...]
    en: str
    zh_hant: str
    own: bool = False
    personal: bool = False
    because: str = ""


@cache
def model_features() -> tuple[Feature, ...]:
    """In the order of the matrix's columns."""
    found = tuple(Feature(**{**row, "sources": tuple(row["sources"])}) for row in read_yaml("features.yaml"))
    for feature in found:
        reason(feature.reason)  # a feature that explains nothing cannot stand in a warning
    return found


@cache
def left_out() -> dict[str, str]:
    """Columns of the features that the model does not read -> why."""
    return {name: row["because"] for name, row in read_yaml("left_out.yaml").items()}


def feature_names() -> list[str]:
    return [f.name for f in model_features()]


def unjustified_attributes() -> list[str]:
    """Features that are an attribute of a person and have no written ground."""
    return [f.name for f in model_features() if f.personal and not f.because.strip()]


def matrix(rows: pa.Table, names: list[str] | None = None) -> np.ndarray:
    """Rows x features as float64; NaN where the table has null (nothing happened, so there is no such time)."""
    columns = names or feature_names()
    return np.column_stack([column_of(rows, name) for name in columns]) if columns else np.empty((rows.num_rows, 0))


def column_of(rows: pa.Table, name: str) -> np.ndarray:
    """One column as float64, NaN for null."""
    return rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
