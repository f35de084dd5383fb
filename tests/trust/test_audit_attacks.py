"""The audit log under somebody who can write to it: what was done is found, and the first bad event is named."""

import json

import pytest

from cleanroom import errors
from cleanroom.contracts.checkpoints import AuditLog
from cleanroom.pipeline import audit_verifying
from cleanroom.stores.audit_file import AuditFile
from tests.factories.attacks import Attack, Side, attack
from tests.factories.witnessed_room import WitnessedRoom


@pytest.fixture
def witnessed(tmp_path):
    """Nine events, two checkpoints, both seen by 808."""
    room = WitnessedRoom(tmp_path)
    for count in (4, 5):
        room.happens(count)
        room.publish()
        room.witness("808").look()
    return room


def verify(room, **options):
    return audit_verifying.verify(
        room.log.path,
        **{
            "objects": room.objects,
            "room_keys": [room.ring.signing_public_key],
            "participant_keys": {code: [ring.signing_public_key] for code, ring in room.rings.items()},
            **options,
        },
    )


def on_the_file(name, done, done_zh, means, row):
    return Attack(name, Side.AUDIT, done, done_zh, refused=errors.AuditBroken, rule="audit_chain", means=(means, row))


def edited(lines):
    return [*lines[:2], lines[2].replace(b"accepted", b"refused!"), *lines[3:]]


def retold(line: bytes, **changes) -> bytes:
    value = json.loads(line)
    value["event"] |= changes
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


@attack(
    on_the_file("audit row edited", "a word of an event is changed in the file", "竄改一筆事件內容", edited, 3),
    on_the_file(
        "audit row's actor changed",
        "an event is put on somebody else",
        "將事件改記為他人所為",
        lambda lines: [*lines[:4], retold(lines[4], actor="someone"), *lines[5:]],
        5,
    ),
    on_the_file("audit row deleted", "a line is taken out", "刪除一筆事件", lambda lines: [*lines[:2], *lines[3:]], 3),
    on_the_file("first audit row deleted", "the log begins later", "刪除第一筆事件", lambda lines: lines[1:], 1),
    on_the_file(
        "audit rows reordered",
        "two lines change places",
        "對調兩筆事件",
        lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
        3,
    ),
    on_the_file(
        "audit row doubled", "a line stands there twice", "重複一筆事件", lambda lines: [*lines[:3], *lines[2:]], 4
    ),
    on_the_file(
        "audit row put in",
        "a line of one's own is put between two others",
        "插入自製事件",
        lambda lines: [*lines[:3], retold(lines[3], verb="invented"), *lines[3:]],
        4,
    ),
)
def test_a_log_changed_by_hand(case, witnessed):
    change, row = case.means
    lines = witnessed.log.path.read_bytes().splitlines(keepends=True)
    changed = change(lines)
    assert changed != lines
    witnessed.log.path.write_bytes(b"".join(changed))
    with case.refuses():
        AuditFile(witnessed.log.path).verify()
    assert case.error.where.row == row


REWRITES = {
    "edited": lambda e: [*e[:2], e[2].replace(b"accepted", b"refused!"), *e[3:]],
    "deleted": lambda e: [*e[:2], *e[3:], e[0]],
    "reordered": lambda e: [*e[:2], e[3], e[2], *e[4:]],
}


@attack(
    *(
        Attack(
            f"audit log rewritten, {name}",
            Side.AUDIT,
            f"an event is {name} and the whole chain is reckoned anew, so that it holds",
            "竄改後重算整條雜湊鏈，使其表面一致",
            refused=errors.AuditBroken,
            rule="audit_checkpoint",
            means=change,
        )
        for name, change in REWRITES.items()
    )
)
def test_a_chain_reckoned_anew(case, witnessed):
    witnessed.rewrite_log(case.means)
    assert verify(witnessed, objects=None).head.sequence == 9, "the forger's chain holds"
    with case.refuses():
        verify(witnessed)
    assert case.error.where.row == 3


@attack(
    Attack(
        "audit log's tail cut",
        Side.AUDIT,
        "the last events are cut off; the chain that is left holds",
        "截去最後數筆事件，其餘鏈仍一致",
        refused=errors.AuditBroken,
        rule="audit_checkpoint",
    )
)
def test_a_cut_tail(case, witnessed):
    lines = witnessed.log.path.read_bytes().splitlines(keepends=True)
    witnessed.log.path.write_bytes(b"".join(lines[:6]))
    assert verify(witnessed, objects=None).head.sequence == 6, "the chain alone shows nothing"
    with case.refuses():
        verify(witnessed)
    assert case.error.where.row == 7


@attack(
    Attack(
        "history rolled back",
        Side.AUDIT,
        "the room rewrites its log and publishes checkpoints of the new history, with fewer events",
        "無塵室改寫紀錄並發布新檢查點，事件變少",
        refused=errors.AuditBroken,
        rule="audit_witness",
    )
)
def test_a_rollback_before_a_witness(case, witnessed):
    assert witnessed.witness("808").look()[AuditLog.ROOM] == 9
    witnessed.rewrite_log(lambda events: events[:6])
    witnessed.forget_checkpoints()
    witnessed.portal.shown.clear()
    witnessed.publish()
    assert verify(witnessed, participant_keys={}).head.sequence == 6, "the new history holds by itself"
    with case.refuses():
        witnessed.witness("808").look()
