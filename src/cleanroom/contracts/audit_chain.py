"""The one form of every audit log: a line for each event, each chained to the one before by its hash.

    line(n) = {"event":{...},"hash":"<hash n>","prev":"<hash n-1>","sequence":n}     canonical JSON (RFC 8785)
    hash(n) = SHA-256(AUDIT_DOMAIN + the line without its member "hash"),   prev(1) = 64 zeros

Files hold the lines as they are; the portal keeps their members in columns and gives them out as lines. Walking
hashes the very bytes of the event, so that nothing has to be parsed and written again: the frame around the event is
compared byte for byte with the only one that its writer makes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cleanroom.contracts.canonical import AUDIT_DOMAIN
from cleanroom.errors import AuditBroken, Where
from cleanroom.vocabulary.both import Both

GENESIS = "0" * 64
_HEX = 64
_HASH = b',"hash":"'
_FRAME = re.compile(
    rb'\{"event":(\{.*\}),"hash":"([0-9a-f]{64})","prev":"([0-9a-f]{64})","sequence":([1-9][0-9]{0,15})\}\n'
)


@dataclass(frozen=True)
class AuditPlace:
    """Where an event stands: 1-based sequence and the chain's hash up to and including it."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Line:
    """A line in its parts; `event` is the canonical form of the event."""

    event: bytes
    hash: str
    prev: str
    sequence: int

    @property
    def own_hash_fits(self) -> bool:
        return hash_after(self.event, AuditPlace(self.sequence - 1, self.prev)) == self.hash


START = AuditPlace(0, GENESIS)


def hash_after(event: bytes, before: AuditPlace) -> Both:
    """The hash of an event (canonical bytes) that follows `before`."""
    head = hashlib.sha256(AUDIT_DOMAIN + b'{"event":' + event)
    head.update(b',"prev":"%b","sequence":%d}' % (before.hash.encode(), before.sequence + 1))
    return head.hexdigest()


def line_of(event: bytes, *, hash: str, prev: str, sequence: int) -> bytes:
    return b'{"event":%b,"hash":"%b","prev":"%b","sequence":%d}\n' % (event, hash.encode(), prev.encode(), sequence)


def line_after(event: bytes, before: AuditPlace) -> tuple[AuditPlace, bytes]:
    """Where an event comes to stand after `before`, and its line."""
    place = AuditPlace(before.sequence + 1, hash_after(event, before))
    return place, line_of(event, hash=place.hash, prev=before.hash, sequence=place.sequence)


def parse_line(raw: bytes) -> Line | None:
    """The parts of a line that has the writer's frame; None for any other bytes."""
    found = _FRAME.fullmatch(raw)
    if found is None:
        return None
    event, own, previous, sequence = found.groups()
    return Line(event, own.decode(), previous.decode(), int(sequence))


def walk(lines: Iterable[bytes], *, name: str, before: AuditPlace = START) -> Iterator[AuditPlace]:
    """The place of each line after `before`. A last line without its newline was never acknowledged and ends the walk.

    Raises AuditBroken at the first event that does not fit; it says what was done to it as far as that can be told.
    """
    lines = iter(lines)
    sequence, previous = before.sequence, before.hash
    for raw in lines:
        sequence += 1
        chained = b'","prev":"%b","sequence":%d}\n' % (previous.encode(), sequence)
        own = len(raw) - len(chained) - _HEX
        event_end = own - len(_HASH)
        covered = raw[:event_end] + chained[1:-1]
        found = hashlib.sha256(AUDIT_DOMAIN + covered).hexdigest()
        if not (
            raw.endswith(chained)
            and raw[event_end - 1 : own] == b"}" + _HASH
            and raw.startswith(b'{"event":{')
            and raw[own : own + _HEX] == found.encode()
        ):
            if not raw.endswith(b"\n") and next(lines, None) is None:
                return
            raise broken(_what_happened(raw, lines, AuditPlace(sequence - 1, previous)), name=name, row=sequence)
        previous = found
        yield AuditPlace(sequence, found)


def broken(what: Both, *, name: str | None, row: int | None) -> AuditBroken:
    return AuditBroken(
        f"the audit log was changed: {what.en}; keep everything as it is and call the auditor",
        zh=f"稽核紀錄遭變更：{what.zh_hant}；請保持原狀並通知稽核人員",
        where=Where(file=name, row=row),
        rule="audit_chain",
    )


def _what_happened(raw: bytes, later: Iterable[bytes], before: AuditPlace) -> Both:
    """Told from the line that does not fit and from those after it."""
    number, line = before.sequence + 1, parse_line(raw)
    if line is None or not _is_json(line.event):
        other = (" (or the file is another one)", "（或檔案有誤）") if number == 1 else ("", "")
        return Both(
            f"event {number} is not written as this log writes{other[0]}",
            f"第 {number} 筆事件非本紀錄之寫法{other[1]}",
        )
    if not line.own_hash_fits:
        return Both(
            f"event {number} was edited, its content is not what was recorded",
            f"第 {number} 筆事件遭修改，內容與原記載不同",
        )
    if line.sequence == number:
        return Both(
            f"event {number} does not follow from the event before it; event {number - 1} was rewritten or put in",
            f"第 {number} 筆事件與前一筆不相連；第 {number - 1} 筆遭改寫或插入",
        )
    if line.sequence < number:
        return Both(
            f"event {line.sequence} stands here once more, put in where event {number} belongs",
            f"第 {line.sequence} 筆事件重複出現，插入於第 {number} 筆之位置",
        )
    if any((other := parse_line(rest)) and other.sequence == number for rest in later):
        return Both(
            f"event {number} stands further down, the log was put in another order",
            f"第 {number} 筆事件移至後方，順序遭變更",
        )
    return Both(
        f"event {number} was deleted, event {line.sequence} stands in its place",
        f"第 {number} 筆事件遭刪除，其位置為第 {line.sequence} 筆",
    )


def _is_json(event: bytes) -> bool:
    try:
        return isinstance(json.loads(event), dict)
    except ValueError:
        return False
