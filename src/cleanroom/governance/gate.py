"""The gate: may this model's scores leave the room now? Asked before every scoring and every dispatch; fails closed.

It trusts no summary in the record: grade, digests, control outcomes, waivers and sign-offs are all judged afresh.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cleanroom.contracts.governance import ControlResult, ReleaseRecord, SendingStop
from cleanroom.errors import CleanroomError, GateClosed
from cleanroom.governance import certificate, controls, drafts, judging, record_evidence, releases
from cleanroom.governance.certificate import Certificate
from cleanroom.governance.judging import results
from cleanroom.governance.moments import moment
from cleanroom.governance.policy import Policy
from cleanroom.governance.reasons import Reason, as_sentence, in_chinese
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, Tier

__all__ = ["Decision", "blockers", "check", "check_may_release", "control_reasons", "decide", "results"]


# As docs/glossary.md has them.
_STATES = {
    ReleaseState.DRAFT: "草稿",
    ReleaseState.EVALUATED: "已評估",
    ReleaseState.SUBMITTED: "送審",
    ReleaseState.APPROVED: "核可",
    ReleaseState.SUSPENDED: "暫停",
    ReleaseState.RETIRED: "退役",
}

_CERTIFICATE = "certificate"  # the reason why the gate does not open to one that was presented
_CLOSED = "the gate is closed", "閘門關閉"
_NOT_TO_THIS = "the gate does not open to what was presented", "閘門不因所提出者開放"


@dataclass(frozen=True)
class Decision:
    """Open with a certificate, or shut with every reason; never both, never neither."""

    record: ReleaseRecord | None
    reasons: tuple[Reason, ...]
    certificate: Certificate | None

    @property
    def is_open(self) -> bool:
        return self.certificate is not None

    def require(self) -> Certificate:
        """The certificate. Raises GateClosed with every reason in one sentence."""
        if self.certificate is None:
            rule = self.reasons[0].code
            opening, chinese = _NOT_TO_THIS if rule == _CERTIFICATE else _CLOSED
            raise GateClosed(as_sentence(opening, self.reasons), zh=in_chinese(chinese, self.reasons), rule=rule)
        return self.certificate

    def as_dict(self) -> dict:
        """Plain JSON, for the command line and pages: allowed, release, reasons in both languages, certificate."""
        issued = self.certificate
        return {
            "allowed": self.is_open,
            "release_id": self.record.draft.release_id if self.record else None,
            "reasons": [vars(reason) for reason in self.reasons],
            "certificate": issued and issued.digest,
            "expires_at": issued and issued.expires_at.isoformat(),
            "participants": list(issued.participants) if issued else [],
        }


def decide(
    policy: Policy,
    record: ReleaseRecord | None,
    *,
    now: datetime,
    artefact_digest: str,
    participants: Collection[str],
    code_commit: str | None = None,
    stop: SendingStop | None = None,
    presented: str | None = None,
) -> Decision:
    """Whether this record's model may be used now.

    `record`: what the portal holds, None where it holds none. `artefact_digest`: SHA-256 (hex) of the artefact that is
    about to be used. `participants`: codes of the institutions that receive the output. `code_commit`: of the code
    that runs, compared where given. `stop`: the emergency stop that stands. `presented`: digest of a certificate that
    somebody holds; where given it must be that of the one which this record gives now.
    """
    stopped = _stop_reasons(stop)
    if record is None:
        return Decision(None, (*stopped, Reason("no_release", "this use case has no release", "本用途尚無發布")), None)
    reasons = (
        *stopped,
        *_state_reasons(record, now),
        *_running_reasons(record, artefact_digest, code_commit),
        *blockers(policy, record, now=now, participants=participants),
    )
    decision = _decision(policy, record, reasons, now, participants)
    if decision.certificate is None or presented in (None, decision.certificate.digest):
        return decision
    return Decision(record, (_other_certificate(presented, decision.certificate),), None)


def check(
    policy: Policy,
    record: ReleaseRecord | None,
    *,
    now: datetime,
    artefact_digest: str,
    participants: Collection[str],
    code_commit: str | None = None,
    stop: SendingStop | None = None,
    presented: str | None = None,
) -> Certificate:
    """`decide`, as a certificate or GateClosed with every reason."""
    return decide(
        policy,
        record,
        now=now,
        artefact_digest=artefact_digest,
        participants=participants,
        code_commit=code_commit,
        stop=stop,
        presented=presented,
    ).require()


def check_may_release(
    policy: Policy, record: ReleaseRecord, *, by: str, now: datetime, participants: Collection[str]
) -> Certificate:
    """What the portal asks before it writes RELEASED: the certificate that the release will have.

    Raises NotAllowed for the move itself (`releases.check_may_move`), GateClosed with every reason otherwise.
    """
    releases.check_may_move(policy, record, ReleaseState.RELEASED, by=by, participants=participants)
    reasons = blockers(policy, record, now=now, participants=participants)
    return _decision(policy, record, reasons, now, participants).require()


def blockers(
    policy: Policy, record: ReleaseRecord, *, now: datetime, participants: Collection[str]
) -> tuple[Reason, ...]:
    """Every reason, apart from the state and what is running, why the gate is closed for this record; () when none."""
    unreadable = drafts.problems(policy, record.draft, now=now) or _time_reasons(record)
    if unreadable:  # the rest cannot be judged on a draft that is not what it says
        return unreadable
    return (
        *_receiver_reasons(record, participants),
        *control_reasons(policy, record, now=now),
        *releases.sign_off_problems(policy, record, participants=participants),
        *_expiry_reasons(policy, record, now),
    )


def _decision(
    policy: Policy, record: ReleaseRecord, reasons: tuple[Reason, ...], now: datetime, participants: Collection[str]
) -> Decision:
    if reasons:
        return Decision(record, reasons, None)
    try:
        return Decision(record, (), certificate.issue(policy, record, now=now, participants=participants))
    except CleanroomError as e:
        why = Reason("no_certificate", f"no certificate can be written: {e.sentence}", "無法簽發憑證")
        return Decision(record, (why,), None)


def _other_certificate(presented: str, in_force: Certificate) -> Reason:
    """The release is in order: what was presented is at fault, and nothing at the portal can mend that."""
    stands = f"the certificate in force is {in_force.digest}", f"有效憑證為 {in_force.digest}"
    if not re.fullmatch("[0-9a-f]{64}", presented):
        return Reason(
            _CERTIFICATE,
            f"what was presented is no certificate's digest (64 hexadecimal digits); {stands[0]}",
            f"所提出者並非憑證之雜湊值（64 位十六進位數字）；{stands[1]}",
        )
    return Reason(
        _CERTIFICATE,
        f"the certificate that was presented is not the one that this release gives; {stands[0]}",
        f"所提出之憑證與本次發布所簽發者不符；{stands[1]}",
    )


def _stop_reasons(stop: SendingStop | None) -> list[Reason]:
    if stop is None:
        return []
    return [Reason("stopped", f"an emergency stop stands ({stop.reason})", f"緊急停止生效中（{stop.reason}）")]


def _state_reasons(record: ReleaseRecord, now: datetime) -> list[Reason]:
    if record.state is not ReleaseState.RELEASED:
        why = f" ({record.suspended_reason})" if record.suspended_reason else ""
        return [
            Reason("not_released", f"the release is {record.state}{why}", f"發布狀態為{_STATES[record.state]}{why}")
        ]
    if record.released_at is None or not _in_order(record.draft.evaluated_at, record.released_at, now):
        return [Reason("release_time", "the time of release is missing or impossible", "發布時間缺漏或不合理")]
    return []


def _in_order(*times: datetime) -> bool:
    return all(t.tzinfo is not None for t in times) and list(times) == sorted(times)


def _time_reasons(record: ReleaseRecord) -> tuple[Reason, ...]:
    if not judging.has_naive_times(record):
        return ()
    return (
        Reason(
            "naive_time", "a time in the record has no offset, so nothing can be judged by it", "紀錄中之時間未載時區"
        ),
    )


def _running_reasons(record: ReleaseRecord, artefact_digest: str, code_commit: str | None) -> list[Reason]:
    digests, reasons = record.draft.digests, []
    if artefact_digest != digests.artefact:
        reasons.append(Reason("artefact", "the artefact is not the one that was released", "模型檔與發布之檔案不符"))
    if code_commit is not None and code_commit != digests.code_commit:
        reasons.append(Reason("code", "the code is not the commit that was released", "程式版本與發布之版本不符"))
    return reasons


def _receiver_reasons(record: ReleaseRecord, participants: Collection[str]) -> list[Reason]:
    if set(participants) - set(record.held_by):
        return []
    return [Reason("no_receiver", "no institution is left to receive the output", "無任何機構可接收結果")]


def control_reasons(policy: Policy, record: ReleaseRecord, *, now: datetime) -> tuple[Reason, ...]:
    """Every blocking control that is due, not met and not waived."""
    in_use = record.draft.declared[policy.in_use_question]
    due = in_use or now >= record_evidence.first_review_at(policy, record, now=now)
    stopped = controls.blocking(policy, results(policy, record, now=now), after_release_due=due)
    return tuple(control_reason(policy, r) for r in stopped)


def control_reason(policy: Policy, result: ControlResult) -> Reason:
    """Why a figure does not meet its control, or is no evidence."""
    zh, name = policy.control(result.control_id).text.zh_hant, result.metric
    if result.value is None:
        en = f"{name} could not be measured: {result.detail}"
        return Reason("not_measurable", en, f"{name} 無法量測：{result.detail_zh_hant}（{zh}）", result.control_id)
    low, high = _bounds(result)
    figure = f"{name} is {result.value:.6g}{f' ({low} to {high})' if low else ''}, the limit is {result.limit}"
    figure_zh = f"{name} 為 {result.value:.6g}{f'（{low} 至 {high}）' if low else ''}，門檻為 {result.limit}"
    if result.outcome is ControlOutcome.NOT_MEASURABLE:
        en, why = f"{figure}; {result.detail}", f"{figure_zh}，證據不可用：{result.detail_zh_hant}（{zh}）"
        return Reason("not_measurable", en, why, result.control_id)
    return Reason("control_failed", figure, f"{figure_zh}，不符門檻（{zh}）", result.control_id)


def _bounds(result: ControlResult) -> tuple[str, str]:
    """As written; both empty where the figure has no interval."""
    if result.low is None and result.high is None:
        return "", ""
    low, high = ("?" if bound is None else f"{bound:.6g}" for bound in (result.low, result.high))
    return low, high


def _expiry_reasons(policy: Policy, record: ReleaseRecord, now: datetime) -> list[Reason]:
    if record.draft.tier is Tier.R0:
        return []
    ends = certificate.expires_at(policy, record, now=now)
    if now < ends:
        return []
    when = moment(ends)
    return [Reason("expired", f"the certificate expired at {when}", f"放行憑證已於 {when} 到期")]
