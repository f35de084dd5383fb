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

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter

from cleanroom.contracts.manifest import Frozen
from cleanroom.governance import documents
from cleanroom.governance.misfits import Misfit, Place
from cleanroom.governance.policy import Name, Policy, Text
from cleanroom.governance.policy_checks import entries, of
from cleanroom.vocabulary.both import Both


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


def load_measurable(path: Path) -> Policy:
    """A policy that is to be adopted: `load_policy`, and every figure that it reads is one that somebody supplies.
    Raises PolicyInvalid."""
    return documents.load(Policy, path, also=_unsupplied)


def _unsupplied(document: object) -> Iterator[Misfit]:
    """A control on a figure that nobody supplies would shut the gate for ever. Reads the document as it was written, so
    that it is told beside everything else that does not fit."""
    for place, name in _figures_read(document):
        if isinstance(name, str) and name not in figures():
            yield Misfit(place, "figure",
                         Both(f"nobody supplies the figure {name}; `cleanroom governance metrics` lists them all",
                              f"無人提供指標 {name}；`cleanroom governance metrics` 列出所有指標"))  # fmt: skip


def _figures_read(document: object) -> Iterator[tuple[Place, object]]:
    for i, control in enumerate(entries(document, "controls")):
        for j, metric in enumerate(entries(control, "metrics")):
            place = ("controls", i, "metrics", j)
            yield (*place, "name"), of(metric, "name")
            yield (*place, "reference", "metric"), of(of(metric, "reference"), "metric")
