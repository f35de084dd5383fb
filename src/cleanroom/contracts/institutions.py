"""The published three-digit codes of Taiwan's deposit-taking and electronic payment institutions.

The table names public facts only. It is what a counterparty outside the participants is checked against; the
participants themselves are known from the portal, so a participant without a published code is no problem.
A code that is missing here is added in `institution_codes.csv`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True)
class InstitutionName:
    """`en` and `zh_hant` are the names as the institution uses them in public."""

    code: str
    en: str
    zh_hant: str


@cache
def known_codes() -> Mapping[str, InstitutionName]:
    """Code -> name, in order of code."""
    text = (files("cleanroom.contracts") / "institution_codes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["code"]: InstitutionName(row["code"], row["name_en"], row["name_zh"]) for row in rows})
