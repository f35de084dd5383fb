"""The log's rows as the lines of contracts.audit_chain, and their verification: chain and checkpoints.

Rows are read as plain values and written out by hand: the canonical form of their few plain members is what a quick
encoder gives as well, and 50,000 events a second have to pass. A test compares it with the library's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as quoted

from cleanroom.contracts.audit_chain import START, AuditPlace, hash_after, line_of, walk
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.checkpoints import AuditLog, leaf_of
from cleanroom.contracts.merkle import Frontier
from cleanroom.errors import AuditBroken, CleanroomError
from portal.audit.models import Checkpoint, Event, moment_text

NAME = "portal-log"
_COLUMNS = (
    "actor_id", "occurred_at", "detail", "recorded_at", "report_digest", "reported_actor", "subject", "verb",
    "digest", "previous_digest", "sequence",
)  # fmt: skip
_WORDS = {bool: {True: "true", False: "false"}, type(None): {None: "null"}}
_UNREADABLE = b"\n"  # no line of any log


@dataclass(frozen=True)
class Verdict:
    """`events`: how many are whole. `head`: the digest of the last of them. `checkpoints`: how many agree with the
    log. `bad`: the first event that does not fit, and why."""

    events: int
    head: str
    checkpoints: int = 0
    bad: int | None = None
    why: str = ""

    @property
    def whole(self) -> bool:
        return self.bad is None


def digest_of_event(event: Event) -> str:
    before = AuditPlace(event.sequence - 1, event.previous_digest)
    return hash_after(canonical_bytes(event.body()), before)


def lines(*, after: int = 0) -> Iterator[bytes]:
    """Every event after this number, as the line that a download holds; `cleanroom audit verify` reads the same."""
    rows = Event.objects.filter(sequence__gt=after).order_by("sequence").values_list(*_COLUMNS)
    iterator = rows.iterator(chunk_size=2000)
    while True:
        try:
            row = next(iterator, None)
            if row is None:
                return
            line = _line(*row)
        except (CleanroomError, ValueError, TypeError, AttributeError):
            line = _UNREADABLE  # a value that this portal never wrote
        yield line


def verify(checkpoints: Iterable[Checkpoint] = ()) -> Verdict:
    """Walk the log from its beginning, and compare its tree with every checkpoint: those that this database holds and
    those given. Only a checkpoint shows that the newest events were cut off, or that all was chained anew."""
    roots = {c.size: c.root for c in (*Checkpoint.objects.filter(log=AuditLog.PORTAL), *checkpoints)}
    place, frontier, good = START, Frontier(), 0
    try:
        for place in walk(lines(), name=NAME):
            frontier.append(leaf_of(place.hash))
            if place.sequence in roots:
                if frontier.root().hex() != roots[place.sequence]:
                    return _contradicted(place, roots, good)
                good = place.sequence
    except AuditBroken as e:
        return Verdict(place.sequence, place.hash, bad=e.where.row, why=e.sentence)
    if any(size > place.sequence for size in roots):
        return _cut(place, roots)
    return Verdict(place.sequence, place.hash, checkpoints=len(roots))


def _contradicted(place: AuditPlace, roots: Mapping[int, str], good: int) -> Verdict:
    why = f"one of the events {good + 1} to {place.sequence} is not what the room's checkpoint covers"
    return Verdict(good, place.hash, bad=good + 1, why=why)


def _cut(place: AuditPlace, roots: Mapping[int, str]) -> Verdict:
    why = f"the log ends after event {place.sequence}, and a checkpoint covers {max(roots)}; its tail was cut"
    return Verdict(place.sequence, place.hash, bad=place.sequence + 1, why=why)


def _line(
    actor: str, occurred_at: datetime, detail: dict, recorded_at: datetime, report_digest: str | None,
    reported_actor: str, subject: str, verb: str, digest: str, previous: str, sequence: int,
) -> bytes:  # fmt: skip
    recorded = moment_text(recorded_at)
    at = recorded if occurred_at == recorded_at else moment_text(occurred_at)  # the same but for reported events
    event = (
        f'{{"actor":{quoted(actor)},"at":"{at}","detail":{_detail(detail)},"recorded_at":"{recorded}",'
        f'"report_digest":{"null" if report_digest is None else quoted(report_digest)},'
        f'"reported_actor":{quoted(reported_actor)},"subject":{quoted(subject)},"verb":{quoted(verb)}}}'
    )
    return line_of(event.encode(), hash=digest, prev=previous, sequence=sequence)


def _detail(detail: dict) -> str:
    """Plain values under ASCII names are written by hand; all else, floats among it, by the library (RFC 8785)."""
    if type(detail) is not dict or not "".join(detail).isascii():
        return canonical_bytes(dict(detail)).decode()
    members = []
    for name in sorted(detail):
        value = detail[name]
        kind = type(value)
        if kind is str:
            members.append(f"{quoted(name)}:{quoted(value)}")
        elif kind is int and abs(value) < 2**53:
            members.append(f"{quoted(name)}:{value}")
        elif kind in _WORDS:
            members.append(f"{quoted(name)}:{_WORDS[kind][value]}")
        else:
            return canonical_bytes(detail).decode()
    return "{" + ",".join(members) + "}"
