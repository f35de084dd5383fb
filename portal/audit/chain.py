"""The chain's digest and its verification."""

import hashlib
from dataclasses import dataclass

from cleanroom.contracts.canonical import AUDIT_DOMAIN, canonical_bytes
from portal.audit.models import Event

FIRST = "0" * 64  # stands before the first event


@dataclass(frozen=True)
class Verdict:
    """`events`: how many were read. `head`: the latest digest. `bad`: the first event that does not fit, and why."""

    events: int
    head: str
    bad: int | None = None
    why: str = ""

    @property
    def whole(self) -> bool:
        return self.bad is None


def digest_of_event(event: Event) -> str:
    return hashlib.sha256(AUDIT_DOMAIN + canonical_bytes(event.body())).hexdigest()


def verify(*, witness: tuple[int, str] | None = None) -> Verdict:
    """Walk the chain from its beginning. `witness`: a (sequence, digest) kept outside, which must still stand there;
    only a witness can show that the newest events were cut off."""
    previous, count = FIRST, 0
    for event in Event.objects.order_by("sequence").iterator(chunk_size=1000):
        if why := _fault(event, count + 1, previous, witness):
            return Verdict(count, previous, bad=event.sequence, why=why)
        previous, count = event.digest, count + 1
    if witness and witness[0] > count:
        return Verdict(count, previous, bad=count + 1, why="the log ends before the event that was witnessed")
    return Verdict(count, previous)


def _fault(event: Event, expected: int, previous: str, witness: tuple[int, str] | None) -> str:
    if event.sequence != expected:
        return f"event {expected} is missing"
    if event.previous_digest != previous:
        return "it does not follow from the event before it"
    if digest_of_event(event) != event.digest:
        return "its content is not what was recorded"
    if witness and witness[0] == event.sequence and witness[1] != event.digest:
        return "it is not the event that was witnessed"
    return ""
