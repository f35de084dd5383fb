"""A history of releases for the browser's tests, each written by the portal's own actions at its own time: one whose
certificate has ended, one that people refused, one that rested on a waiver, one that is suspended, and one that the
gate refused; and a draft that waits for a waiver."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from django.utils import timezone

from cleanroom.contracts.governance import SignOffRequest, WaiverRequest
from cleanroom.errors import GateClosed
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Phase, load_policy
from cleanroom.vocabulary.terms import SignOffRole
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.release import publish_release, retire_release, suspend_release
from portal.signoffs.actions.sign import sign_release
from portal.signoffs.actions.submit import submit_release
from portal.signoffs.actions.waive import approve_waiver, request_waiver
from tests.factories.releases import make_draft

R = SignOffRole
EXPIRED, REFUSED, WAIVED, SUSPENDED, SHUT = "old-expired", "old-refused", "old-waived", "old-suspended", "old-shut"
OPEN = "new-open"  # evaluated, with a control that may be waived
FAILING = "precision_at_capacity"


def past_releases(room, signers: dict, asker) -> None:
    """`signers`: who signs in which capacity, the executive among them; `asker`: who asks for waivers."""
    approver = signers[R.ACCOUNTABLE_EXECUTIVE]
    with at(-200):
        _signed(EXPIRED, room, signers)
        publish_release(EXPIRED, by=approver)
    with at(-150):
        _signed(REFUSED, room, {R.OWNER: signers[R.OWNER]}, decision="reject")
    control, metric = waivable()
    with at(-20):
        _drafted(WAIVED, room, changes={metric: None})
        wanted = WaiverRequest(control_id=control, reason="not measured in time", owner="owner",
                               compensating_control="every case is decided by a person",
                               ends_on=timezone.localdate() + timedelta(days=15))  # fmt: skip
        request_waiver(WAIVED, wanted, by=asker)
        approve_waiver(WAIVED, control, by=approver)
        _submitted(WAIVED, room, signers)
        publish_release(WAIVED, by=approver)
        retire_release(WAIVED, reason="replaced", by=approver)
    with at(-15):
        _signed(SUSPENDED, room, signers)
        publish_release(SUSPENDED, by=approver)
        suspend_release(SUSPENDED, reason="the scores have drifted / 分數漂移", by=room)
    _drafted(OPEN, room, changes={metric: None})
    with at(-10):
        poor = Evidence(0.01, low=0.01, high=0.01, cases=100_000, measured_at=timezone.now())
        _signed(SHUT, room, signers, changes={FAILING: poor})
        try:
            publish_release(SHUT, by=approver)
        except GateClosed:
            return
    raise AssertionError("the gate let a model out that finds almost nothing")


def waivable() -> tuple[str, str]:
    """A control, and its figure, that blocks before the release and may be waived."""
    control = next(
        c for c in load_policy().controls
        if c.gate == "block" and not c.not_waivable and c.phase is Phase.BEFORE_RELEASE and c.evidence == "metric"
        and c.ai_kind != "gen"
    )  # fmt: skip
    return control.id, control.metrics[0].name


@contextmanager
def at(days: float) -> Iterator[datetime]:
    """The portal's clock stands at this many days from now."""
    moment = timezone.now() + timedelta(days=days)
    with patch("django.utils.timezone.now", lambda: moment):
        yield moment


def _drafted(release_id: str, room, **options):
    draft = make_draft(
        release_id=release_id, developer="dev", use_case=f"history_{release_id}", at=timezone.now(), **options
    )
    draft_release(draft, by=room)
    return draft


def _signed(release_id: str, room, signers: dict, *, decision: str = "approve", **options) -> None:
    _drafted(release_id, room, **options)
    _submitted(release_id, room, signers, decision=decision)


def _submitted(release_id: str, room, signers: dict, *, decision: str = "approve") -> None:
    release = submit_release(release_id, by=room)
    for capacity, person in signers.items():
        role = capacity if isinstance(capacity, R) else R.INSTITUTION_REVIEWER
        wanted = SignOffRequest(role=role, decision=decision, subject_digest=release.subject_digest)
        sign_release(release_id, wanted, by=person)
