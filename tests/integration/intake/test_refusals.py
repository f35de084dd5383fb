"""Every way in which a submission is refused in the room: its reason, where and by which rule, and nothing landed."""

from dataclasses import replace

import pytest

from cleanroom import errors
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.crypto.canaries import Card, Pins, canaries_under
from cleanroom.crypto.schemes import new_key
from cleanroom.crypto.signing import verify
from cleanroom.pipeline import intake, pins
from cleanroom.vocabulary.terms import Scheme, UploadState
from tests.factories.months import in_month
from tests.factories.tampering import Waiting


@pytest.fixture
def waiting(clean_room):
    """Transfers of 808, sealed and uploaded; its other datasets are out of the way."""
    data = clean_room.data["808"]
    data.rows = {"transfers": data.rows["transfers"]}
    data.write()
    clean_room.seal("808")
    return Waiting(clean_room, "808", "transfers")


def refused(waiting, kind, *, rule, where=None, state=UploadState.REFUSED):
    """Take in; assert everything that a refusal promises; give the refusal."""
    room, number = waiting.room, len(waiting.room.portal.events)
    with pytest.raises(kind) as caught:
        room.take_in(waiting.code)
    error = caught.value
    assert type(error) is kind
    assert error.rule == rule
    assert (where or waiting.place) in str(error)
    assert rule in str(error)
    assert_nothing_landed(room)
    events = [e for e in room.room_events() if e.verb == f"submission.{state}"]
    assert [(e.detail["reason"], e.detail["rule"], e.detail["place"]) for e in events] == [
        (kind.reason, rule, waiting.place)
    ]
    assert [e.verb for e in room.portal.events[number:]] == [f"submission.{state}"]
    [report] = room.portal.uploads(waiting.code)
    assert (report.state, report.reason, report.sentence) == (state, kind.reason, str(error))
    if state != UploadState.HELD:
        assert_answered(waiting, report)
    return error


def assert_nothing_landed(room):
    counts = room.landed()
    assert len(counts) == 8
    assert set(counts.values()) == {0}


def assert_answered(waiting, report):
    """What was refused stays where it lies, and the participant holds a signed receipt that says why."""
    room = waiting.room
    assert f"inbox/{waiting.place}/manifest.json" in room.names("inbox/")
    assert room.names("receipts/") == [f"receipts/{waiting.place}/{report.state}.json"]
    body = report.receipt.body
    assert (body["state"], body["reason"]) == (report.state, report.reason)
    verify(room.ring.signing_public_key, RECEIPT_DOMAIN, canonical_bytes(body), report.receipt.signature)
    assert list(room.settings.scratch_dir.rglob("*.age")) == []


# --- its place in the sequence ------------------------------------------------------------------------------------


def test_a_skipped_number_waits_and_lands_when_the_gap_is_filled(waiting):
    room = waiting.room
    number = waiting.folder.parent
    hidden = number.with_name("hidden")
    in_month(room.data["808"], 5)
    ahead = Waiting(room, "808", "transfers", 2)
    room.seal("808")
    number.rename(hidden)
    refused(ahead, errors.SequenceSkipped, rule="sequence", state=UploadState.HELD)
    assert len(room.names("inbox/808/transfers/00000002/")) == 2
    hidden.rename(number)
    assert room.take_in("808").detail == {"landed": 2, "unchanged": 0}
    assert [r.state for r in room.portal.uploads("808")] == [UploadState.ACCEPTED] * 2


def test_a_wait_is_told_once(waiting):
    number = waiting.folder.parent
    number.rename(number.with_name("00000003"))
    ahead = Waiting(waiting.room, "808", "transfers", 3)
    ahead.sign_again(sequence=3)
    for _ in range(3):
        with pytest.raises(errors.SequenceSkipped):
            waiting.room.take_in("808")
    assert [e.verb for e in waiting.room.room_events()] == ["submission.held"]


def test_the_same_submission_again_is_accepted_and_does_nothing(waiting):
    room = waiting.room
    files = {p.name: p.read_bytes() for p in waiting.folder.iterdir()}
    room.take_in("808")
    before = room.landed(), len(room.room_events())
    for name, raw in files.items():
        room.objects.put_bytes(f"inbox/{waiting.place}/{name}", raw)
    assert room.take_in("808").detail == {"landed": 0, "unchanged": 1}
    assert (room.landed(), len(room.room_events())) == before


# --- what is in it ------------------------------------------------------------------------------------------------


def test_the_first_canaries_are_pinned_where_none_were_and_not_in_production(waiting):
    room = waiting.room
    pins.pin_file(room.settings).unlink()
    with room.opened() as opened:
        production = replace(opened, settings=replace(opened.settings, environment="production"))
        with pytest.raises(errors.CanaryMismatch, match="canary_unpinned"):
            intake.take_in(production, participant="808")
    assert_nothing_landed(room)
    room.seal("808")
    room.take_in("808")
    ring = room.ring_of("808")
    assert pins.read_pins(room.settings) == Pins(Scheme.HMAC2, {ring.hash_kid: ring.canaries()})


def test_a_closed_first_hash_key(waiting):
    pins.pin(waiting.room.settings, next_card(), ring=waiting.room.ring)
    pins.close_key(waiting.room.settings, waiting.room.ring_of("808").hash_kid)
    refused(waiting, errors.KeyRefused, rule="hash_kid_closed")


def next_card():
    first = new_key(Scheme.HMAC2)
    return Card("808", Scheme.HMAC2, first.kid, canaries_under(first))


# --- several at once ----------------------------------------------------------------------------------------------


def test_one_refused_submission_does_not_stop_the_others(clean_room):
    clean_room.seal("808")
    Waiting(clean_room, "808", "accounts").part.write_bytes(b"x")
    with pytest.raises(errors.ContentTampered):
        clean_room.take_in("808")
    states = {r.dataset: r.state for r in clean_room.portal.uploads("808")}
    assert states == {"accounts": "refused", "list_events": "accepted", "transfers": "accepted"}
    assert clean_room.landed()["landing.transfers"] == 3


def test_a_refused_number_is_used_again_by_the_corrected_submission(waiting):
    room = waiting.room
    waiting.part.write_bytes(b"damaged on the way")
    with pytest.raises(errors.ContentTampered):
        room.take_in("808")
    assert room.seal("808").detail["uploaded"] == 1  # sealed anew, under the same number
    assert room.take_in("808").detail == {"landed": 1, "unchanged": 1}
    told = [(report.sequence, report.state) for report in room.portal.uploads("808")]
    assert sorted(told) == [(1, UploadState.ACCEPTED), (1, UploadState.REFUSED)]


def test_a_portal_that_will_not_take_the_report_does_not_keep_it_waiting(waiting, monkeypatch):
    def refuse(report):
        raise errors.NotAllowed("the portal has decided otherwise")

    monkeypatch.setattr(waiting.room.portal, "report_upload", refuse)
    waiting.part.write_bytes(b"damaged")
    with pytest.raises(errors.ContentTampered):
        waiting.room.take_in("808")
    assert waiting.room.take_in("808").detail == {"landed": 0, "unchanged": 1}
    assert [e.verb for e in waiting.room.room_events()] == ["submission.refused", "portal.refused_report"]


def test_every_refusal_here_has_an_exit_code_of_its_own():
    kinds = [
        errors.SignatureRefused, errors.KeyRefused, errors.NotTheOwner, errors.ManifestMalformed,
        errors.MouNotInForce, errors.SpecificationNotInForce, errors.TooLarge, errors.SequenceReplayed,
        errors.SequenceSkipped, errors.ContentTampered, errors.CanaryMismatch, errors.UnknownInstitution,
        errors.QualityGateFailed,
    ]  # fmt: skip
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(kinds)
    assert all(issubclass(kind, errors.Refusal) and kind.exit_code > 1 for kind in kinds)


def test_a_submission_that_is_damaged_twice_is_answered_twice_and_lands_when_it_is_whole(waiting):
    room, code, places = waiting.room, waiting.code, []
    for damage in (lambda raw: raw[:-100], lambda raw: raw[:-1] + b"!"):
        room.seal(code)
        whole = waiting.part.read_bytes()
        waiting.part.unlink()
        waiting.part.write_bytes(damage(whole))
        with pytest.raises(errors.ContentTampered):
            room.take_in(code)
        places.append(waiting.place)
    room.seal(code)
    room.take_in(code)
    answers = {(p, "refused") for p in places} | {(waiting.place, "accepted")}
    assert len(answers) == 3
    assert set(room.names("receipts/")) == {f"receipts/{place}/{state}.json" for place, state in answers}
