"""Which candidates become warnings now, and what becomes of the others: every candidate is counted exactly once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cleanroom.dispatch.candidates import Candidate
from cleanroom.dispatch.rules import at_stake
from cleanroom.vocabulary.terms import Severity, WarningKind

_PRESSING = {Severity.CRITICAL: 0, Severity.NORMAL: 1}
_KIND = {WarningKind.MULE: 0, WarningKind.CARE: 1}


@dataclass(frozen=True)
class Numbered:
    """A candidate with its warning's number and the way back to its account; no handle: unroutable."""

    warning_id: str
    candidate: Candidate
    handle: str | None


@dataclass(frozen=True)
class Selection:
    """`unroutable`: the account's institution does not take part or gave no handle; never sent to anyone else.
    `held`: the institution holds the release. `capped`: over the day's cap, sent on a later day. `known`: sent before.
    """

    send: tuple[Numbered, ...]
    known: tuple[Numbered, ...]
    unroutable: tuple[Numbered, ...]
    held: tuple[Numbered, ...]
    capped: tuple[Numbered, ...]


def select(
    numbered: Sequence[Numbered],
    *,
    known_ids: Collection[str],
    receivers: Collection[str],
    held_by: Collection[str],
    sent_today: Mapping[str, int],
    daily_cap: int,
) -> Selection:
    """`receivers`: active participants. `sent_today`: per institution, what the portal took today already."""
    lots: dict[str, list[Numbered]] = {name: [] for name in Selection.__dataclass_fields__}
    used = Counter(sent_today)
    for one in sorted(numbered, key=pressing_first):
        place = _place(one, known_ids, receivers, held_by, used, daily_cap)
        lots[place].append(one)
        used[one.candidate.institution] += place == "send"
    return Selection(**{name: tuple(lot) for name, lot in lots.items()})


def _place(one: Numbered, known_ids, receivers, held_by, used: Counter, daily_cap: int) -> str:
    institution = one.candidate.institution
    if one.warning_id in known_ids:
        return "known"
    if one.handle is None or not one.candidate.owned or institution not in receivers:
        return "unroutable"
    if institution in held_by:
        return "held"
    return "capped" if used[institution] >= daily_cap else "send"


def pressing_first(one: Numbered) -> tuple:
    c = one.candidate
    stake = at_stake(c.score, c.resting_cents)
    return _PRESSING[c.severity], _KIND[c.kind], -stake, -c.score, -c.amount_bound_cents, one.warning_id
