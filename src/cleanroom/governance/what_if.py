"""What a new policy version would have said of past releases, before it is adopted.

Each release is evaluated again on the figures, answers, signatures and waivers that it had, at the time at which it was
decided, under the policy in force and under the new one. Nothing is written.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cleanroom.contracts.governance import ControlResult, ReleaseRecord
from cleanroom.errors import PolicyInvalid
from cleanroom.governance import drafts, gate, judging, releases
from cleanroom.governance.policy import Policy
from cleanroom.governance.reasons import Reason
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, SignOffRole, Tier


class Verdict(StrEnum):
    """`unjudgeable`: the release's answers do not cover what the policy asks; it would have to be evaluated again."""

    OPEN = "open"
    SHUT = "shut"
    UNJUDGEABLE = "unjudgeable"


@dataclass(frozen=True)
class Judged:
    """One release under one policy. `missing`: capacities that nobody signed in. `results`: every applicable figure."""

    verdict: Verdict
    tier: Tier | None
    score: float | None
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    results: tuple[ControlResult, ...]


@dataclass(frozen=True)
class ControlChange:
    """One figure of one control, with the confidence bounds that decide where it has any. None: the control does not
    apply under that policy."""

    control_id: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    before: str | None
    after: str | None
    limit_before: str | None
    limit_after: str | None

    @property
    def waiver_is_older(self) -> bool:
        """Whether a waiver that was granted while this figure was met would cover that it no longer is."""
        return self.after == ControlOutcome.WAIVED and self.before == ControlOutcome.PASS


@dataclass(frozen=True)
class Replayed:
    """One release. `at`: when it was decided (released, else last signed, else evaluated)."""

    release_id: str
    state: ReleaseState
    at: datetime
    before: Judged
    after: Judged
    controls: tuple[ControlChange, ...]

    @property
    def verdict_changes(self) -> bool:
        return self.before.verdict is not self.after.verdict

    @property
    def newly_missing(self) -> tuple[str, ...]:
        return tuple(seat for seat in self.after.missing if seat not in self.before.missing)

    @property
    def changes(self) -> bool:
        same_tier = self.before.tier is self.after.tier and self.before.score == self.after.score
        return self.verdict_changes or not same_tier or bool(self.controls) or self.before.missing != self.after.missing


@dataclass(frozen=True)
class Replay:
    """The policies by version and digest, and every release in the order given."""

    before: Policy
    after: Policy
    releases: tuple[Replayed, ...]

    @property
    def changes(self) -> bool:
        return any(r.changes for r in self.releases)


def replay(
    before: Policy, after: Policy, records: Iterable[ReleaseRecord], *, participants: Collection[str] = ()
) -> Replay:
    """Judge every record under both policies. `participants`: codes of the receiving institutions; without any, those
    whose reviewers signed the release are taken."""
    return Replay(before, after, tuple(_replayed(before, after, r, participants) for r in records))


def as_dict(found: Replay) -> dict:
    """Plain JSON: policies, counts, and of each release what changes, with every reason in both languages."""
    return {
        "before": {"version": found.before.version, "digest": found.before.digest},
        "after": {"version": found.after.version, "digest": found.after.digest},
        "releases_replayed": len(found.releases),
        "releases_changed": sum(r.changes for r in found.releases),
        "verdicts_changed": sum(r.verdict_changes for r in found.releases),
        "releases": [_release_as_dict(r) for r in found.releases],
    }


def _replayed(before: Policy, after: Policy, record: ReleaseRecord, participants: Collection[str]) -> Replayed:
    at = _decided_at(record)
    receivers = participants or _reviewing(record)
    judged = [_judge(policy, before, record, at, receivers) for policy in (before, after)]
    return Replayed(record.draft.release_id, record.state, at, *judged, _control_changes(*judged))


def _decided_at(record: ReleaseRecord) -> datetime:
    signed = [s.signed_at for s in record.sign_offs] + [w.approved_at for w in record.waivers if w.approved_at]
    return record.released_at or max([record.draft.evaluated_at, *signed])


def _reviewing(record: ReleaseRecord) -> list[str]:
    reviewers = {s.institution for s in record.sign_offs if s.role is SignOffRole.INSTITUTION_REVIEWER}
    return sorted(code for code in reviewers if code)


def _judge(
    policy: Policy, measured_under: Policy, record: ReleaseRecord, at: datetime, participants: Collection[str]
) -> Judged:
    try:
        again = _again(policy, measured_under, record)
    except PolicyInvalid as e:
        why = Reason("answers", f"the answers do not cover this policy: {e.sentence}", "問卷未涵蓋此政策，須重新評估")
        return Judged(Verdict.UNJUDGEABLE, None, None, (why,), (), ())
    reasons = gate.blockers(policy, again, now=at, participants=participants)
    return Judged(
        verdict=Verdict.SHUT if reasons else Verdict.OPEN,
        tier=again.draft.tier,
        score=again.draft.score,
        reasons=reasons,
        missing=tuple(str(seat) for seat in releases.missing_sign_offs(policy, again, participants=participants)),
        results=judging.results(policy, again, now=at),
    )


def _again(policy: Policy, measured_under: Policy, record: ReleaseRecord) -> ReleaseRecord:
    """The record with its draft under `policy`. Whoever signed the content that stood signs the same content again:
    asked is which signatures the new version would want, not whether a changed digest voids them (it does)."""
    draft = drafts.under(policy, record.draft, measured_under=measured_under)
    bound = {id(s) for s in releases.binding(record)}
    signed = tuple(
        s.model_copy(update={"subject_digest": draft.subject_digest}) for s in record.sign_offs if id(s) in bound
    )
    return record.model_copy(update={"draft": draft, "sign_offs": signed})


def _control_changes(before: Judged, after: Judged) -> tuple[ControlChange, ...]:
    if Verdict.UNJUDGEABLE in (before.verdict, after.verdict):
        return ()
    old, new = ({(r.control_id, r.metric): r for r in j.results} for j in (before, after))
    both = [(key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])]
    return tuple(_control_change(*one) for one in both if _judged_as(one[1]) != _judged_as(one[2]))


def _judged_as(result: ControlResult | None) -> tuple[str | None, str | None]:
    return (None, None) if result is None else (str(result.outcome), result.limit)


def _control_change(key: tuple, old: ControlResult | None, new: ControlResult | None) -> ControlChange:
    (before, limit_before), (after, limit_after) = _judged_as(old), _judged_as(new)
    value, low, high = next((r.value, r.low, r.high) for r in (new, old) if r is not None)
    return ControlChange(key[0], key[1] or "", value, low, high, before, after, limit_before, limit_after)


def _release_as_dict(r: Replayed) -> dict:
    return {
        "release_id": r.release_id,
        "state": str(r.state),
        "decided_at": r.at.isoformat(),
        "changes": r.changes,
        "verdict_changes": r.verdict_changes,
        "before": _judged_as_dict(r.before),
        "after": _judged_as_dict(r.after),
        "newly_missing_sign_offs": list(r.newly_missing),
        "controls": [vars(c) | {"waiver_is_older": c.waiver_is_older} for c in r.controls],
    }


def _judged_as_dict(j: Judged) -> dict:
    return {
        "verdict": str(j.verdict),
        "tier": j.tier and str(j.tier),
        "score": j.score,
        "missing_sign_offs": list(j.missing),
        "reasons": [vars(reason) for reason in j.reasons],
    }
