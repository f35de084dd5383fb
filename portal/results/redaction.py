"""A published `blocked` as one reader may see it: parts that rest on too few accounts of others are left out."""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cleanroom.vocabulary.terms import Scenario
from portal.results.suppression import LEAST_CELL, hidden_beside, must_suppress

if TYPE_CHECKING:
    from portal.accounts.models import User

_COUNTS = ("accounts", "accounts_controlled_not_listed", "innocent_accounts")
_OWN_FIGURES = ("money_twd", "accounts")
_EXTRA = ("extra_money_twd", "extra_accounts")


def for_reader(body: Mapping[str, Any], reader: "User") -> dict[str, Any]:
    """A copy with None in the place of what is not this reader's to see. Of the institutions their own is; layers and
    typologies are all institutions'. What a total would give away is left out as well."""
    seen = copy.deepcopy(dict(body))
    if not must_suppress(reader, institutions=()):
        return seen
    for what, rows in (seen.get("parts") or {}).items():
        others = {w for w in rows if what != "institution" or must_suppress(reader, institutions=(w,))}
        for at in range(len(seen["curve"]["delay_hours"])):
            _redact(rows, others, at)
    return seen


def _redact(rows: Mapping[str, Any], others: set[str], at: int) -> None:
    """One delay of one kind of part. An extra figure goes where it, or each bank alone, would tell of few."""
    hidden = {(s, name): _hidden(rows, others, s, name, at) for s in Scenario for name in _COUNTS}
    for s in Scenario:
        of_accounts, alone = hidden[s, "accounts"], hidden[Scenario.OWN_BANK, "accounts"]
        _blank(rows, of_accounts, s, _OWN_FIGURES, at)
        _blank(rows, of_accounts | alone, s, _EXTRA, at)
        for name in _COUNTS[1:]:
            _blank(rows, hidden[s, name], s, (name,), at)


def _hidden(rows: Mapping[str, Any], others: set[str], scenario: str, name: str, at: int) -> set[str]:
    counts = {which: part["scenarios"][scenario][name] for which, part in rows.items()}
    here = {which: values[at] for which, values in counts.items() if values is not None}
    small = {which for which in others & here.keys() if 0 < here[which] < LEAST_CELL}
    return small | hidden_beside(here, suppressed=others & here.keys())


def _blank(rows: Mapping[str, Any], which: set[str], scenario: str, names: tuple[str, ...], at: int) -> None:
    for one in which:
        series = rows[one]["scenarios"][scenario]
        for name in names:
            for key in (name, f"{name}_interval"):
                if series.get(key) is not None:
                    series[key][at] = None
