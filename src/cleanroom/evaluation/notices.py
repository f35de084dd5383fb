"""What notices would have done that nobody was sent: of a replayed past, or of scoring runs in the shadow.

Every run names the accounts of its first places; a notice is due for those that no earlier run named. It reaches the
account's institution at the first daily run after the cut-off, and control follows after the delay. Each bank does
what it does alone besides; what the notices add is the answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cleanroom.evaluation.detection import Truth, wilson
from cleanroom.evaluation.intervals import draws_of
from cleanroom.evaluation.outcome import delays_of, worlds_of
from cleanroom.evaluation.rules import EvaluationRules, next_daily_run
from cleanroom.evaluation.scenarios import (
    NO_CASE,
    Case,
    Flags,
    earliest,
    end_of,
    families,
    flags_alone,
    sightings,
)
from cleanroom.evaluation.series import Series, at_world, series
from cleanroom.evaluation.tally import INSTITUTION, Tally, columns_of, tally
from cleanroom.vocabulary.terms import Scenario


@dataclass(frozen=True)
class Run:
    """`as_of_us`: only what happened before it was known, UTC microseconds. `institution_of`: the tokens of the
    accounts in its first places, the most suspicious first, with the institution that keeps each."""

    as_of_us: int
    institution_of: Mapping[str, str]


@dataclass(frozen=True)
class Notice:
    token: str
    institution: str
    as_of_us: int


def notices_of(runs: Iterable[Run]) -> list[Notice]:
    """Of each account the first, in order of the runs and of their places."""
    found: dict[str, Notice] = {}
    for run in sorted(runs, key=lambda r: r.as_of_us):
        for token, institution in run.institution_of.items():
            found.setdefault(token, Notice(token, institution, run.as_of_us))
    return list(found.values())


def judge_notices(
    case: Case,
    runs: Sequence[Run],
    *,
    listed_us: Mapping[str, int],
    rules: EvaluationRules,
    truth: Truth | None,
    answers: Mapping[str, str] | None = None,
) -> dict:
    """What the notices of `runs` would have come to, in counts and sums alone.

    `listed_us`: account token -> its watch-listing. `answers`: account token -> an institution's last answer to a
    warning about it that was really sent. `right`: how many of the notices were about accounts in a known pattern,
    None without truth, and about accounts listed later.
    """
    sent = notices_of(runs)
    return {
        "runs": [_run(run, sent, listed_us, truth) for run in sorted(runs, key=lambda r: r.as_of_us)],
        "notices": len(sent),
        "right": _right(sent, listed_us, truth),
        "institutions": _institutions(case, sent, listed_us, truth),
        "answers": dict(
            sorted(Counter(answers[n.token] for n in sent if n.token in answers).items()) if answers else {}
        ),
        "notice_delay_hours": rules.notice_delay_hours,
        **_blocked(case, sent, rules, truth),
    }


def _run(run: Run, sent: Sequence[Notice], listed_us: Mapping[str, int], truth: Truth | None) -> dict:
    new = [n for n in sent if n.as_of_us == run.as_of_us and n.token in run.institution_of]
    return {
        "as_of": datetime.fromtimestamp(run.as_of_us / 1e6, UTC).isoformat(timespec="seconds"),
        "notices": len(new),
        "named_before": len(run.institution_of) - len(new),
        "in_pattern": _in_pattern(new, truth),
        "listed_later": _listed_later(new, listed_us),
    }


def _in_pattern(sent: Sequence[Notice], truth: Truth | None) -> int | None:
    return None if truth is None else sum(n.token in truth for n in sent)


def _listed_later(sent: Sequence[Notice], listed_us: Mapping[str, int]) -> int:
    return sum(listed_us.get(n.token, 0) >= n.as_of_us for n in sent)


def _right(sent: Sequence[Notice], listed_us: Mapping[str, int], truth: Truth | None) -> dict:
    hits = {"in_pattern": _in_pattern(sent, truth), "listed_later": _listed_later(sent, listed_us)}
    return {name: None if n is None else {"notices": n, "precision": n / len(sent) if sent else None,
                                          "interval": wilson(n, len(sent))}
            for name, n in hits.items()}  # fmt: skip


def _institutions(case: Case, sent: Sequence[Notice], listed_us: Mapping[str, int], truth: Truth | None) -> dict:
    codes = {case.ledger.institutions[i] for i in case.participants} | {n.institution for n in sent}
    own = {code: [n for n in sent if n.institution == code] for code in sorted(codes)}
    return {code: {"notices": len(mine), "in_pattern": _in_pattern(mine, truth),
                   "listed_later": _listed_later(mine, listed_us)} for code, mine in own.items()}  # fmt: skip


def _blocked(case: Case, sent: Sequence[Notice], rules: EvaluationRules, truth: Truth | None) -> dict:
    """`alone`, `with_notices`: figures at the stated delay; `curve`: of `with_notices` at every delay."""
    seen, columns, delays = sightings(case, rules), columns_of(case, rules, truth), delays_of(rules)
    own = flags_alone(seen, rules)[Scenario.OWN_BANK]
    draws, at = draws_of(families(case, seen), rules), delays.index(rules.notice_delay_hours)

    def tallied(flags: Flags) -> Tally:
        return tally(case, worlds_of(case, flags, delays), columns, truth=truth, least_cents=rules.least_blocked_cents)

    alone, noticed = tallied(own), tallied(earliest([own, _flags(case, sent, rules)]))
    before, after = series(columns, draws, alone, None), series(columns, draws, noticed, alone)
    return {
        "alone": at_world(before[0], at),
        "with_notices": at_world(after[0], at),
        "by_institution": {code: _money(after[n], at) for code, n in columns.of(INSTITUTION).items()},
        "families": draws.weights.shape[1],
        "least_families": draws.least,
        "curve": {"delay_hours": list(delays), "alone": before[0], "with_notices": after[0]},
        "reported_twd": sum(x.reported_cents for x in case.listings) / 100,
        "came_in_twd": sum(i.cents for i in case.injections) / 100,
    }


def _money(found: Series, at: int) -> dict:
    names = ("money_twd", "extra_money_twd", "accounts", "extra_accounts", "innocent_accounts",
             "accounts_controlled_not_listed")  # fmt: skip
    return {name: at_world(found, at)[name] for name in names}


def _flags(case: Case, sent: Sequence[Notice], rules: EvaluationRules) -> Flags:
    """Known at the daily run; of accounts without any transfer there is nothing to block."""
    known = case.ledger.index_of
    found = {known[n.token]: (next_daily_run(n.as_of_us, rules), NO_CASE) for n in sent if n.token in known}
    return {a: flag for a, flag in found.items() if flag[0] <= end_of(case)}
