"""Releases over the API: drafted by the room, signed, waived, released and suspended by people."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from cleanroom.contracts.governance import PackStanding, ReleaseDraft, ReleaseRecord, SignOffRequest, WaiverRequest
from portal.accounts.permissions import Permission, check_may
from portal.signoffs import candidates
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.hold import hold_release, lift_hold
from portal.signoffs.actions.keep_pack import keep_pack
from portal.signoffs.actions.release import publish_release, suspend_release
from portal.signoffs.actions.sign import sign_release
from portal.signoffs.actions.submit import submit_release, withdraw_release
from portal.signoffs.actions.waive import approve_waiver, request_waiver
from portal.signoffs.queries import (
    current_release,
    pack_standing,
    packs_of,
    page_after,
    record_of,
    records_of,
    release_of,
)

router = Router(tags=["releases"])


class Reason(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=400)]


@router.post("/releases", response=ReleaseRecord)
def draft(request: HttpRequest, body: ReleaseDraft):
    return record_of(draft_release(body, by=request.auth))


@router.get("/releases", response=list[ReleaseRecord])
def read_page(request: HttpRequest, after: str = ""):
    """A page of all releases, the oldest first; the next one begins after the last release of this one, and behind the
    last page stands an empty one."""
    check_may(request.auth, Permission.READ_RELEASE)
    return records_of(page_after(after))


@router.get("/releases/current", response=ReleaseRecord)
def current(request: HttpRequest, use_case: str):
    check_may(request.auth, Permission.READ_RELEASE)
    return record_of(current_release(use_case))


@router.get("/releases/{release_id}", response=ReleaseRecord)
def read(request: HttpRequest, release_id: str):
    check_may(request.auth, Permission.READ_RELEASE)
    return record_of(release_of(release_id))


@router.get("/releases/{release_id}/packs", response=list[PackStanding])
def packs(request: HttpRequest, release_id: str):
    check_may(request.auth, Permission.READ_RELEASE)
    return [pack_standing(p) for p in packs_of(release_of(release_id))]


@router.post("/releases/{release_id}/packs", response=PackStanding)
def pack(request: HttpRequest, release_id: str):
    """The body is the pack's file itself."""
    return pack_standing(keep_pack(release_id, request.body, by=request.auth))


@router.post("/releases/{release_id}/submit", response=ReleaseRecord)
def submit(request: HttpRequest, release_id: str):
    return record_of(submit_release(release_id, by=request.auth))


@router.post("/releases/{release_id}/withdraw", response=ReleaseRecord)
def withdraw(request: HttpRequest, release_id: str, body: Reason):
    """What the room drafted and nobody has decided on yet."""
    return record_of(withdraw_release(release_id, reason=body.reason, by=request.auth))


@router.post("/releases/{release_id}/sign-offs", response=ReleaseRecord)
def sign(request: HttpRequest, release_id: str, body: SignOffRequest):
    return record_of(sign_release(release_id, body, by=request.auth))


@router.post("/releases/{release_id}/waivers", response=ReleaseRecord)
def waive(request: HttpRequest, release_id: str, body: WaiverRequest):
    return record_of(request_waiver(release_id, body, by=request.auth))


@router.post("/releases/{release_id}/waivers/{control_id}/approve", response=ReleaseRecord)
def waive_approved(request: HttpRequest, release_id: str, control_id: str):
    return record_of(approve_waiver(release_id, control_id, by=request.auth))


@router.post("/releases/{release_id}/release", response=ReleaseRecord)
def release(request: HttpRequest, release_id: str):
    return record_of(publish_release(release_id, by=request.auth))


@router.post("/releases/{release_id}/suspend", response=ReleaseRecord)
def suspend(request: HttpRequest, release_id: str, body: Reason):
    return record_of(suspend_release(release_id, reason=body.reason, by=request.auth))


@router.post("/releases/{release_id}/hold", response=ReleaseRecord)
def hold(request: HttpRequest, release_id: str, body: Reason):
    """For the traffic of the caller's own institution; the others are not touched."""
    return record_of(hold_release(release_id, reason=body.reason, by=request.auth))


@router.post("/releases/{release_id}/hold/lift", response=ReleaseRecord)
def let_go(request: HttpRequest, release_id: str):
    return record_of(lift_hold(release_id, by=request.auth))


@router.post("/policies/what-if")
def try_policy(request: HttpRequest, part: Annotated[int, Query(ge=1)] = 1):
    """The body is a candidate policy, YAML. Replayed over the newest releases, or over an older part of them; nothing
    is adopted."""
    check_may(request.auth, Permission.REPLAY_POLICY)
    after = candidates.candidate(request.body, name="policy.yaml")
    return candidates.as_dict(candidates.replayed(after, part=part))
