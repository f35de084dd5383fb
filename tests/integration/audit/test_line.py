"""The line around its audit: steps of the room end with checkpoints, uploads end with a look of the witness."""

from dataclasses import replace

import pytest

from cleanroom.contracts.checkpoints import AuditLog
from cleanroom.errors import AuditBroken, ContentTampered, PortalFault
from cleanroom.pipeline import audit_proofs, line, upload
from cleanroom.pipeline.sealing.uploading import read_receipts
from cleanroom.stores import published
from cleanroom.stores.witness_state import WitnessState
from tests.factories.clean_room import CleanRoom
from tests.factories.tampering import Waiting

ROOM = AuditLog.ROOM


@pytest.fixture
def clean_room(tmp_path, monkeypatch):
    room = CleanRoom.make(tmp_path)
    monkeypatch.setattr("cleanroom.stores.portal_http.HttpPortal.from_token_file", lambda *_, **__: room.portal)
    return room


def settings_of(room, code="808"):
    return replace(room.participant(code), objects_dir=room.settings.objects_dir)


def send(room, code="808"):
    return upload.seal_and_upload(settings_of(room, code), run_id="run-1")


def take_in(room, code="808"):
    return line.take_in(room.settings, run_id="run-1", participant=code)


def test_an_upload_before_the_first_checkpoint_has_nothing_to_witness(clean_room):
    send(clean_room)
    assert published.sizes(clean_room.objects, ROOM, by="808") == []


def test_what_intake_decided_is_vouched_for_witnessed_and_proved(clean_room):
    send(clean_room)
    take_in(clean_room)
    events = len(clean_room.room_events())
    assert published.sizes(clean_room.objects, ROOM) == [events] and events >= 3
    send(clean_room)
    assert published.sizes(clean_room.objects, ROOM, by="808") == [events]
    receipts = read_receipts(settings_of(clean_room), portal=clean_room.portal, objects=clean_room.objects)
    seen = WitnessState(clean_room.participant("808").home / "witness.json").seen(ROOM)
    assert len(receipts) >= 2
    for receipt in receipts:
        audit_proofs.check_receipt(
            receipt, room_keys=[clean_room.ring.signing_public_key], objects=clean_room.objects, seen=seen
        )


def test_a_rewritten_log_fails_the_next_upload(clean_room):
    send(clean_room)
    take_in(clean_room)
    send(clean_room)
    kept = clean_room.settings.audit_file.read_bytes().splitlines(keepends=True)
    clean_room.settings.audit_file.write_bytes(b"".join(kept[:-1]))
    for folder in (clean_room.settings.room_dir / "checkpoints", clean_room.settings.objects_dir / "checkpoints/room"):
        for path in [p for p in folder.rglob("*") if p.is_file()]:
            path.unlink()
    clean_room.portal.shown.clear()
    take_in(clean_room, "822")
    with pytest.raises(AuditBroken, match="that was seen is gone"):
        send(clean_room)


def test_a_cut_log_fails_the_next_step(clean_room):
    send(clean_room)
    take_in(clean_room)
    kept = clean_room.settings.audit_file.read_bytes().splitlines(keepends=True)
    clean_room.settings.audit_file.write_bytes(b"".join(kept[:-1]))
    with pytest.raises(AuditBroken, match="tail was cut"):
        take_in(clean_room, "822")


@pytest.mark.parametrize("down", [set(), {"report_checkpoint"}])
def test_a_refusal_is_vouched_for_and_not_hidden_by_a_fault(clean_room, down):
    send(clean_room)
    Waiting(clean_room, "808", "transfers").part.write_bytes(b"damaged")
    clean_room.portal.down = down
    with pytest.raises(ContentTampered):
        take_in(clean_room)
    assert published.sizes(clean_room.objects, ROOM) == [len(clean_room.room_events())]


def test_a_step_that_cannot_tell_the_portal_is_tried_again(clean_room):
    send(clean_room)
    clean_room.portal.down = {"report_checkpoint"}
    with pytest.raises(PortalFault):
        take_in(clean_room)
    clean_room.portal.down = set()
    take_in(clean_room)
    assert len(clean_room.portal.checkpoints(ROOM)) == 1


def test_the_daily_verification_counts_and_names_what_was_edited(clean_room):
    send(clean_room)
    take_in(clean_room)
    events = len(clean_room.room_events())
    done = line.verify_audit(clean_room.settings)
    assert (done["events"], done["covered"]) == (events, events)
    log = clean_room.settings.audit_file
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + lines[1].replace(b"808", b"822", 1) + b"".join(lines[2:]))
    with pytest.raises(AuditBroken) as caught:
        line.verify_audit(clean_room.settings)
    assert caught.value.where.row == 2
