"""Checkpoints of both logs at the portal: the room signs, participants witness, everyone reads; lies are said aloud.

The room's and the participants' own code speak to the real API here, without a server between them.
"""

from datetime import timedelta

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cleanroom.contracts.canonical import CHECKPOINT_DOMAIN
from cleanroom.contracts.checkpoints import AuditLog, InclusionProof, read_document
from cleanroom.errors import AuditBroken, NotAllowed, NotFound, SignatureRefused
from cleanroom.pipeline import audit_proofs, audit_verifying
from cleanroom.stores import published
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Role
from portal.audit.chain import lines, verify
from portal.audit.models import Checkpoint, Cosignature, Event
from portal.audit.triggers import REMOVE, kept_for_ever
from portal.participants.models import ParticipantKey, RoomKey
from tests.factories.portal import make_participant, make_person, token_for
from tests.factories.witnessed_room import WITNESSES, WitnessedRoom

pytestmark = pytest.mark.django_db
ROOM, PORTAL = AuditLog.ROOM, AuditLog.PORTAL


def desk(user) -> HttpPortal:
    transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=True)
    return HttpPortal("http://localhost", token_for(user), transport=transport)


def approved() -> dict:
    """Fields of a key that two people agreed on."""
    now = timezone.now()
    proposed_by, approved_by = make_person(Role.KEY_CUSTODIAN), make_person(Role.COORDINATOR)
    return {"proposed_by": proposed_by, "proved_at": now, "approved_by": approved_by, "approved_at": now}


@pytest.fixture
def room(tmp_path):
    """The room with its service's token; its key and those of the witnesses are registered."""
    room = WitnessedRoom(tmp_path, desk(make_person(Role.ROOM_SERVICE)))
    ring = room.ring
    RoomKey.objects.create(
        recipient_kid=ring.recipient_kid, recipient=ring.recipient, signing_kid=ring.signing_kid,
        signing_key=ring.signing_public_key, **approved(),
    )  # fmt: skip
    for code, own in room.rings.items():
        ParticipantKey.objects.create(
            participant=make_participant(code), kid=own.signing_kid, purpose="signing",
            public_key=own.signing_public_key, **approved(),
        )  # fmt: skip
    return room


@pytest.fixture
def services(room):
    return {code: desk(make_person(Role.UPLOAD_SERVICE, institution=code)) for code in WITNESSES}


@pytest.fixture
def witnessed(room, services):
    """Two checkpoints of each log; 808 has seen both, 822 the first."""
    room.happens(4)
    room.publish()
    for code in WITNESSES:
        room.witness(code, portal=services[code]).look()
    room.happens(3)
    room.publish()
    room.witness("808", portal=services["808"]).look()
    return room


def without_triggers(*statements: str) -> None:
    """What someone with the database's own password could do."""
    with connection.cursor() as cursor:
        for remove in (REMOVE, kept_for_ever("audit_checkpoint")[1], kept_for_ever("audit_cosignature")[1]):
            for statement in remove[connection.vendor]:
                cursor.execute(statement)
        for statement in statements:
            cursor.execute(statement)


def chained_anew(change) -> None:
    """A careful forger: change the events, then chain everything from there to the end again."""
    from portal.audit.chain import digest_of_event

    events = change(list(Event.objects.order_by("sequence")))
    without_triggers("DELETE FROM audit_event")
    before, reports = "0" * 64, set()
    for number, event in enumerate(events, 1):
        event.sequence, event.previous_digest = number, before
        event.report_digest = None if event.report_digest in reports else event.report_digest
        reports.add(event.report_digest)
        event.digest = before = digest_of_event(event)
        event.save(force_insert=True)
    assert Event.objects.count() == len(events) > 0


def test_what_the_room_signs_stands_at_the_portal(witnessed):
    before = Event.objects.count()
    for log in AuditLog:
        newest = witnessed.portal.checkpoints(log)[0]
        size = newest.signed.checkpoint.size
        assert newest.signed == published.checkpoint(witnessed.objects, log, size)
        assert [c.participant for c in newest.cosignatures] == ["808"]
        assert newest.cosignatures[0] == published.cosignature(witnessed.objects, log, size, by="808")
    verdict = verify()
    assert verdict.whole and (verdict.events, verdict.checkpoints) == (before, 2)
    assert set(Event.objects.values_list("verb", flat=True)) >= {"checkpoint.received", "checkpoint.witnessed"}


def test_the_same_again_changes_nothing(witnessed, services):
    witnessed.publish()  # takes the events in that the last checkpoint itself left
    witnessed.witness("808", portal=services["808"]).look()
    newest = witnessed.portal.checkpoints(ROOM)[0]
    before = Event.objects.count()
    witnessed.portal.report_checkpoint(newest.signed)
    services["808"].cosign(newest.cosignatures[0])
    assert Event.objects.count() == before


def test_who_may(room, services):
    room.happens()
    room.publish()
    signed = room.portal.checkpoints(ROOM)[0].signed
    with pytest.raises(NotAllowed):
        services["808"].report_checkpoint(signed)
    room.witness("808", portal=services["808"]).look()
    cosignature = room.portal.checkpoints(ROOM)[0].cosignatures[0]
    for other in (room.portal, services["822"]):
        with pytest.raises(NotAllowed):
            other.cosign(cosignature)
    readers = [make_person(role, institution="808") for role in (Role.DATA_STEWARD, Role.PARTICIPANT_OFFICER)]
    assert [len(desk(reader).checkpoints(ROOM)) for reader in readers] == [1, 1]


def test_signatures_are_checked(witnessed, services):
    newest = witnessed.portal.checkpoints(ROOM)[0]
    forged = newest.signed.model_copy(update={"signature": newest.signed.signature[::-1]})
    with pytest.raises(SignatureRefused):
        witnessed.portal.report_checkpoint(forged)
    other = newest.cosignatures[0].model_copy(update={"participant": "822"})
    with pytest.raises(SignatureRefused):
        services["822"].cosign(other)
    ParticipantKey.objects.filter(participant__code="808").update(
        revoked_at=timezone.now(), revoked_by=make_person(Role.KEY_CUSTODIAN), revoked_reason="lost"
    )
    with pytest.raises(SignatureRefused):
        services["808"].cosign(newest.cosignatures[0])


def another(room, log, **changes):
    """A checkpoint that the room's own key signed, of something else."""
    newest = room.portal.checkpoints(log)[0].signed
    stated = newest.checkpoint.model_copy(update=changes)
    signature = room.ring.sign(CHECKPOINT_DOMAIN, stated.covered())
    return newest.model_copy(update={"checkpoint": stated, "signature": signature})


@pytest.mark.parametrize(
    ("log", "changes", "what"),
    [
        (ROOM, {"root": "0" * 64}, "another checkpoint of this size"),
        (PORTAL, {"root": "0" * 64}, "another checkpoint of this size"),
        (PORTAL, {"root": "0" * 64, "size": 3}, "this log has another root"),
        (PORTAL, {"size": 10**6}, "more events than this log has"),
    ],
)
def test_a_second_story_of_the_room_is_said_aloud(witnessed, page_as, log, changes, what):
    with pytest.raises(AuditBroken, match=what):
        witnessed.portal.report_checkpoint(another(witnessed, log, **changes))
    assert Event.objects.filter(verb="checkpoint.contradicted").count() == 1
    page = page_as(make_person(Role.ANALYST)).get(reverse("audit-checkpoints")).content.decode()
    assert "told different stories" in page


def test_a_witness_that_was_shown_another_history_says_so(witnessed, services):
    """822 was served another checkpoint of a size that the portal knows, well signed by the room."""
    from cleanroom.pipeline.witness import Witness

    liar = another(witnessed, ROOM, root="0" * 64)
    own: Witness = witnessed.witness("822", portal=services["822"])
    with pytest.raises(AuditBroken, match="another checkpoint of this size"):
        services["822"].cosign(own._cosignature(liar))
    assert Event.objects.get(verb="checkpoint.contradicted").detail["witness"] == "822"


def test_a_checkpoint_that_the_portal_was_not_shown(witnessed, services):
    unknown = another(witnessed, ROOM, size=999)
    with pytest.raises(NotFound):
        services["808"].cosign(witnessed.witness("808")._cosignature(unknown))


TAMPERED = {
    "edited": lambda e: [*e[:2], changed(e[2]), *e[3:]],
    "deleted": lambda e: [*e[:2], *e[3:]],
    "reordered": lambda e: [e[1], e[0], *e[2:]],
    "put in": lambda e: [e[3], *e],
}


def changed(event):
    event.subject = "thing:other"
    return event


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_chain_made_anew_contradicts_the_checkpoints(witnessed, change):
    chained_anew(change)
    verdict = verify()
    assert not verdict.whole and "checkpoint" in verdict.why and verdict.bad == 1
    with pytest.raises(AuditBroken):
        witnessed.publish()


def test_a_cut_tail_contradicts_the_checkpoints(witnessed):
    covered = Checkpoint.objects.filter(log=PORTAL).first().size
    without_triggers(f"DELETE FROM audit_event WHERE sequence >= {covered}")
    verdict = verify()
    assert (verdict.bad, "tail was cut" in verdict.why) == (covered, True)
    with pytest.raises(AuditBroken, match="tail was cut"):
        witnessed.publish()


def test_whoever_rewrites_the_checkpoints_too_is_found_by_those_outside(witnessed, services, tmp_path, capsys):
    """Everything in the database is the forger's; what room and participants keep is not."""
    outside = tmp_path / "checkpoint.json"
    outside.write_bytes(witnessed.portal.checkpoints(PORTAL)[0].signed.to_bytes())
    call_command("verify_audit", checkpoint=[outside])
    chained_anew(TAMPERED["edited"])
    with connection.cursor() as cursor:
        for table in ("audit_cosignature", "audit_checkpoint"):
            cursor.execute(f"DELETE FROM {table}")
    assert verify().whole, "nothing inside this database shows it any more"
    with pytest.raises(CommandError, match="checkpoint covers") as caught:
        call_command("verify_audit", checkpoint=[outside])
    assert caught.value.returncode == 32
    with pytest.raises(AuditBroken, match="another event stands there now"):
        witnessed.publish()
    log = tmp_path / "portal-log.jsonl"
    log.write_bytes(b"".join(lines()))
    with pytest.raises(AuditBroken, match="event 3 was rewritten"):
        audit_verifying.verify(
            log, log=PORTAL, objects=witnessed.objects, room_keys=[witnessed.ring.signing_public_key]
        )


def test_the_download_of_an_honest_log_is_verified_outside(witnessed, tmp_path):
    log = tmp_path / "portal-log.jsonl"
    log.write_bytes(b"".join(lines()))
    keys = {code: [ring.signing_public_key] for code, ring in witnessed.rings.items()}
    found = audit_verifying.verify(
        log, log=PORTAL, objects=witnessed.objects, room_keys=[witnessed.ring.signing_public_key],
        participant_keys=keys,
    )  # fmt: skip
    assert found.head.sequence == Event.objects.count() and found.checkpoints == 2
    assert set(found.cosigned) == {"808", "822"}


@pytest.mark.parametrize("table", ["audit_checkpoint", "audit_cosignature"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET signing_kid = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_vouches(witnessed, table, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert Cosignature.objects.count() >= 3


def test_hashes_come_in_pages(room, monkeypatch):
    monkeypatch.setattr("portal.audit.queries.HASHES", 4)
    room.happens(10)
    room.publish()
    assert room.portal.checkpoints(PORTAL)[0].signed.checkpoint.size == Event.objects.count() - 1 > 10


def test_a_proof_of_one_event_downloads_and_holds(witnessed, page_as):
    client = page_as(make_person(Role.ANALYST))
    covered = Checkpoint.objects.filter(log=PORTAL).first().size
    for number in (1, 3, covered):
        response = client.get(reverse("audit-proof"), {"number": number})
        proof = read_document(InclusionProof, response.content, what=Both("the proof", "證明"))
        assert proof.hash == Event.objects.get(sequence=number).digest
        audit_proofs.check_proof(proof, room_keys=[witnessed.ring.signing_public_key])
    for number, status in (("0", 404), (str(covered + 1), 404), ("x", 422), ("", 422), ("9" * 20, 422)):
        assert client.get(reverse("audit-proof"), {"number": number}).status_code == status


@pytest.mark.parametrize(("language", "nobody"), [("en", "nobody yet"), ("zh-TW", "尚無")])
def test_the_page_shows_checkpoints_and_witnesses(witnessed, page_as, language, nobody):
    witnessed.happens()
    witnessed.publish()
    text = page_as(make_person(Role.ANALYST), language).get(reverse("audit-checkpoints")).content.decode()
    root = Checkpoint.objects.filter(log=ROOM).first().root
    assert root in text and nobody in text and ("808 Institution 808" in text or "808 機構808" in text)
    assert "alert-danger" not in text and "alert-warning" not in text


def test_a_day_without_a_witness_is_a_warning(witnessed, page_as, services):
    page = page_as(make_person(Role.COORDINATOR))
    witnessed.happens()
    witnessed.publish()
    late = timezone.now() - timedelta(hours=25)
    without_triggers(f"UPDATE audit_checkpoint SET received_at = '{late:%Y-%m-%d %H:%M:%S}'")
    assert page.get(reverse("audit-checkpoints")).content.decode().count("alert-warning") == 2
    witnessed.witness("822", portal=services["822"]).look()
    assert "alert-warning" not in page.get(reverse("audit-checkpoints")).content.decode()


def test_the_verdict_counts_the_checkpoints(witnessed, page_as):
    text = page_as(make_person(Role.AUDITOR)).post(reverse("audit-verify")).content.decode()
    assert "2 checkpoints of the clean room agree" in text
