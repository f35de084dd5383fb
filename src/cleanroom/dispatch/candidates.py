"""From rows of the dispatch marts to warnings that are still without a number, a seal and a signature."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cleanroom.contracts.messages import PathStep
from cleanroom.dispatch import reasons
from cleanroom.dispatch.rules import DispatchRules, care_severity, mule_severity
from cleanroom.vocabulary.terms import Severity, WarningKind

Texts = tuple[dict[str, str], ...]  # {"code", "en", "zh_hant"} each

SCORE = "score"  # stands as the cause where no listed account is
CHECK_ACCOUNT = "check the account, hold what is still on it, and answer"
CALL_CUSTOMER = "call the customer before the next payment, and answer"


@dataclass(frozen=True)
class Candidate:
    """One account to warn one institution about. `cause` names what the warning is about: the same account for the
    same cause is warned about once, whichever run or release finds it again."""

    kind: WarningKind
    account_token: str
    institution: str
    owned: bool
    cause: str
    as_of: datetime
    severity: Severity
    score: float
    resting_cents: int
    reasons: Texts
    amount_bound_cents: int
    layer: int | None
    path: tuple[PathStep, ...]
    requested_action: str

    @property
    def cause_token(self) -> str | None:
        """The account that is the cause; None where the score is."""
        return None if self.cause == SCORE else self.cause

    @property
    def identity(self) -> dict[str, str]:
        """What the warning's number is made from; nothing of a run, a release or a clock."""
        return {"kind": str(self.kind), "account": self.account_token, "cause": self.cause}


def mule_candidates(
    rows: Iterable[Mapping[str, Any]],
    paths: Mapping[str, Sequence[PathStep]],
    rules: DispatchRules,
    model_texts: Callable[[Any], Texts],
) -> list[Candidate]:
    """`rows` of dispatch.warning_candidates; `model_texts` gives the texts of a row's `reasons` column."""
    return [_mule(row, paths, rules, model_texts) for row in rows]


def _mule(row: Mapping[str, Any], paths: Mapping, rules: DispatchRules, model_texts: Callable) -> Candidate:
    reached = reasons.texts_of([reasons.REACHED] if row["layer"] is not None else [])
    return Candidate(
        kind=WarningKind.MULE,
        account_token=row["account_token"],
        institution=row["institution"],
        owned=row["owned"],
        cause=row["start_account_token"] or SCORE,
        as_of=row["as_of"],
        severity=mule_severity(rules, layer=row["layer"], arrived_at=row["arrived_at"], as_of=row["as_of"]),
        score=row["score"] or 0.0,
        resting_cents=row["resting_cents"],
        reasons=model_texts(row["reasons"]) + reached,
        amount_bound_cents=row["amount_bound_cents"],
        layer=row["layer"],
        path=tuple(paths.get(row["account_token"], ())),
        requested_action=CHECK_ACCOUNT,
    )


def care_candidates(rows: Iterable[Mapping[str, Any]], rules: DispatchRules) -> list[Candidate]:
    """`rows` of dispatch.care_candidates."""
    return [_care(row, rules) for row in rows]


def _care(row: Mapping[str, Any], rules: DispatchRules) -> Candidate:
    step = PathStep(
        layer=1,
        executed_at=row["last_paid_at"],
        sender_institution=row["institution"],
        receiver_institution=row["payee_institution"],
        amount_cents=row["paid_cents"],
    )
    return Candidate(
        kind=WarningKind.CARE,
        account_token=row["account_token"],
        institution=row["institution"],
        owned=row["owned"],
        cause=row["payee_account_token"],
        as_of=row["as_of"],
        severity=care_severity(rules, last_paid_at=row["last_paid_at"], as_of=row["as_of"]),
        score=row["payee_score"],
        resting_cents=0,  # a victim has paid: what is at stake rests elsewhere
        reasons=reasons.texts_of(_care_codes(row)),
        amount_bound_cents=row["amount_bound_cents"],
        layer=1,
        path=(step,),
        requested_action=CALL_CUSTOMER,
    )


def _care_codes(row: Mapping[str, Any]) -> list[str]:
    listed = row["payee_kind"] == "watch_listed"
    codes = [reasons.PAID_WATCH_LISTED if listed else reasons.PAID_SUSPECTED, reasons.UNACQUAINTED]
    return [*codes, reasons.SEVERAL] if row["payments"] > 1 else codes


def steps_by_account(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[PathStep]]:
    """`rows` of dispatch.warning_paths, as the path of each account from the watch-listed one on."""
    paths: dict[str, list[PathStep]] = {}
    for row in sorted(rows, key=lambda r: r["layer"]):
        step = PathStep(**{name: row[name] for name in PathStep.model_fields})
        paths.setdefault(row["account_token"], []).append(step)
    return paths
