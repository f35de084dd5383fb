"""Which figure comes from whom: the supplier, the evaluator, the source, and the sentence where there is nothing.

Suppliers:

| supplier | what it is |
| --- | --- |
| scoring | computed by the scoring station on its predictions, by SQL or with `cleanroom.governance.metrics` |
| room | counted by the pipeline from the room's and the portal's records (uploads, audit log, runs, drills) |
| answers | stands in the owner's answers file, bound by the answers digest |
| record | derived by governance from the release record itself, each time the gate is asked |
| operation | exists only after a release: warnings, answers, incidents |
| transcripts | computed on a generative model's recorded transcripts |

This module needs no numpy, so that the portal can import it.
"""

from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter

from cleanroom.contracts.manifest import Frozen
from cleanroom.governance.policy import Name, Text


class Supplier(StrEnum):
    SCORING = "scoring"
    ROOM = "room"
    ANSWERS = "answers"
    RECORD = "record"
    OPERATION = "operation"
    TRANSCRIPTS = "transcripts"


class Unit(StrEnum):
    """What a figure and its limit are counted in. `index`: a measure on its own scale; `flag`: 1 where it is so."""

    SHARE = "share"
    RATIO = "ratio"
    INDEX = "index"
    NUMBER = "number"
    FLAG = "flag"
    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    SECONDS = "seconds"
    KWH = "kwh"
    TWD = "twd"


class Figure(Frozen):
    """One figure. `evaluator`: `module:function` that computes it; `absent`: why it is missing where it is."""

    supplier: Supplier
    evaluator: Annotated[str, Field(pattern=r"^cleanroom(\.\w+)+:\w+(\.\w+)*$")]
    source: Text
    unit: Unit
    text: Text
    absent: Text


@cache
def figures() -> dict[str, Figure]:
    """By metric name, in the catalogue's order."""
    text = (files("cleanroom.governance") / "catalogue.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[Name, Figure]).validate_python(yaml.safe_load(text))


def supplied_by(supplier: Supplier) -> set[str]:
    return {name for name, figure in figures().items() if figure.supplier is supplier}
