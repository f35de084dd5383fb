"""Brings an evaluated release to released through the portal in memory, as people would: waivers, sign-offs."""

from datetime import UTC, datetime

from cleanroom.contracts.governance import SignOffRequest, WaiverRequest
from cleanroom.governance import gate, releases, waivers
from cleanroom.governance.policy import load_policy
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, SignOffRole
from tests.factories.scoring_room import CODES
from tests.fakes.portal import MemoryPortal


def release(portal: MemoryPortal, release_id: str):
    waive(portal, release_id)
    if portal.release(release_id).state is ReleaseState.EVALUATED:
        portal.submit_release(release_id)
    return publish(portal, release_id)


def waive(portal: MemoryPortal, release_id: str) -> None:
    """Every control that keeps it and may be waived."""
    policy, now = load_policy(), datetime.now(UTC)
    for control_id in waivable(policy, portal.release(release_id), now):
        portal.request_waiver(release_id, waiver(policy, portal.release(release_id), control_id, now))
        portal.approve_waiver(release_id, control_id)


def publish(portal: MemoryPortal, release_id: str):
    """Every sign-off of a submitted release, then the release."""
    missing = releases.missing_sign_offs(load_policy(), portal.release(release_id), participants=CODES)
    for place, seat in enumerate(missing):
        sign(portal, release_id, seat, f"person-{place}")
    return portal.publish_release(release_id)


def waivable(policy, record, now) -> list[str]:
    stopped = {ControlOutcome.FAIL, ControlOutcome.NOT_MEASURABLE}
    found = [r.control_id for r in gate.results(policy, record, now=now) if r.outcome in stopped]
    controls = [policy.control(i) for i in dict.fromkeys(found)]
    return [c.id for c in controls if c.gate == "block" and not c.not_waivable]


def waiver(policy, record, control_id, now) -> WaiverRequest:
    return WaiverRequest(
        control_id=control_id, reason="not met before the first release", owner="person-owner",
        compensating_control="an officer decides every case",
        ends_on=waivers.last_day(policy, record.draft.tier, now=now),
    )  # fmt: skip


def sign(portal: MemoryPortal, release_id: str, seat, person: str) -> None:
    subject = portal.release(release_id).draft.subject_digest
    request = SignOffRequest(role=seat.role, decision="approve", subject_digest=subject)
    outside = "822" if seat.role == SignOffRole.EXTERNAL_VALIDATOR else "808"
    portal.sign_off_as(release_id, request, person=person, institution=seat.institution or outside)
