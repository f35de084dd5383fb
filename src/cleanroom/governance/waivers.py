"""Waivers: an unmet control is let pass for a short time, with a reason, by two people, where the policy allows it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cleanroom.contracts.governance import ReleaseRecord, Waiver, WaiverRequest
from cleanroom.errors import NotAllowed
from cleanroom.governance.policy import Policy
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import ReleaseState, Tier

# After approval the release is what its signers saw; a new exception needs a new release.
OPEN_STATES = (ReleaseState.EVALUATED, ReleaseState.SUBMITTED)


def check_may_request(policy: Policy, record: ReleaseRecord, request: WaiverRequest, *, by: str, now: datetime) -> None:
    """Raise NotAllowed, saying why, unless `by` may ask for this waiver now; PolicyInvalid for an unknown control."""
    reason = next(_request_objections(policy, record, request, now), None)
    if reason:
        raise NotAllowed(reason.en, zh=reason.zh_hant)


def check_may_approve(policy: Policy, record: ReleaseRecord, control_id: str, *, by: str, now: datetime) -> None:
    """Raise NotAllowed, saying why, unless `by` may approve the waiver that was asked for on `control_id`."""
    reason = next(_approval_objections(policy, record, control_id, by, now), None)
    if reason:
        raise NotAllowed(reason.en, zh=reason.zh_hant)


def valid(policy: Policy, record: ReleaseRecord, *, now: datetime) -> dict[str, Waiver]:
    """By control: the waivers that count at `now`, judged afresh: that the record says approved is not enough."""
    return {w.control_id: w for w in record.waivers if _in_order(policy, record, w) and _runs(policy, w, now)}


def expired(policy: Policy, record: ReleaseRecord, *, now: datetime) -> tuple[Waiver, ...]:
    """Approved waivers whose end has passed."""
    return tuple(w for w in record.waivers if w.approved_at and now >= ends_at(policy, w.ends_on))


def ends_at(policy: Policy, ends_on: date) -> datetime:
    """The first moment at which a waiver that ends on this day no longer counts: the midnight after it."""
    zone = ZoneInfo(policy.waivers.time_zone)
    return datetime.combine(ends_on + timedelta(days=1), time(), tzinfo=zone)


def last_day(policy: Policy, tier: Tier, *, now: datetime) -> date:
    """The latest `ends_on` that a waiver approved at `now` may have."""
    today = now.astimezone(ZoneInfo(policy.waivers.time_zone)).date()
    return today + timedelta(days=policy.waivers.max_days[tier])


def _request_objections(policy: Policy, record: ReleaseRecord, request: WaiverRequest, now: datetime) -> Iterator[Both]:
    yield from _state_objections(record)
    control = policy.control(request.control_id)
    if control.not_waivable:
        yield Both(
            f"control {control.id} cannot be waived: {control.not_waivable.en}",
            f"控制措施 {control.id} 不得豁免：{control.not_waivable.zh_hant}",
        )
    if any(w.control_id == request.control_id for w in record.waivers):
        yield Both(f"control {control.id} has a waiver already", f"控制措施 {control.id} 已有豁免")
    if now >= ends_at(policy, request.ends_on):
        yield Both("the waiver would end before it begins", "豁免之迄日早於起日")
    if request.ends_on > (last := last_day(policy, record.draft.tier, now=now)):
        yield Both(
            f"a waiver of tier {record.draft.tier} may run to {last} at the latest",
            f"等級 {record.draft.tier} 之豁免至遲至 {last} 止",
        )


def _approval_objections(
    policy: Policy, record: ReleaseRecord, control_id: str, by: str, now: datetime
) -> Iterator[Both]:
    yield from _state_objections(record)
    asked = next((w for w in record.waivers if w.control_id == control_id), None)
    if asked is None:
        yield Both(f"no waiver of control {control_id} was asked for", f"未曾申請控制措施 {control_id} 之豁免")
        return
    if asked.approved_at is not None:
        yield Both(f"the waiver of control {control_id} is approved already", f"控制措施 {control_id} 之豁免已核准")
    if by in (asked.requested_by, asked.owner, record.draft.developer):
        yield Both(
            "a waiver is approved by someone who did not ask for it, does not own it and did not build the model",
            "豁免須由非申請人、非負責人且非模型開發人員者核准",
        )
    approved = asked.model_copy(update={"approved_by": by, "approved_at": now})
    if not _in_order(policy, record, approved) or not _runs(policy, approved, now):
        yield Both(
            f"the waiver of control {control_id} is not allowed by the policy or runs too long; ask for it again",
            f"控制措施 {control_id} 之豁免為政策所不許或期間過長；請重新申請",
        )


def _state_objections(record: ReleaseRecord) -> Iterator[Both]:
    if record.draft.tier is Tier.R0:
        yield Both(
            "this use is prohibited by the policy; nothing about it can be waived", "此用途為政策所禁止，不得豁免"
        )
    if record.state not in OPEN_STATES:
        yield Both(
            f"a release that is {record.state} takes no waivers; make a new release",
            f"狀態為 {record.state} 之發布版本不接受豁免；請建立新發布版本",
        )


def _in_order(policy: Policy, record: ReleaseRecord, waiver: Waiver) -> bool:
    """Approved by a second person, for a control that may be waived, for no longer than the tier allows."""
    if waiver.approved_by is None or waiver.approved_at is None or record.draft.tier is Tier.R0:
        return False
    if waiver.approved_by in (waiver.requested_by, waiver.owner, record.draft.developer):
        return False
    control = next((c for c in policy.controls if c.id == waiver.control_id), None)
    if control is None or control.not_waivable:
        return False
    return waiver.ends_on <= last_day(policy, record.draft.tier, now=waiver.approved_at)


def _runs(policy: Policy, waiver: Waiver, now: datetime) -> bool:
    return waiver.approved_at <= now < ends_at(policy, waiver.ends_on)
