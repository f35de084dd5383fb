"""Every way in which a submission is refused in the room: its reason, where and by which rule, and nothing landed."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from cleanroom import errors
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.crypto.signing import verify
from cleanroom.pipeline import intake, keys
from cleanroom.vocabulary.terms import UploadState
from tests.factories.tampering import Waiting, with_column
from tests.fakes.portal import signed_mou, specification_in_force


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


# --- who sent it --------------------------------------------------------------------------------------------------


def test_a_signature_by_another_participants_key(waiting):
    waiting.sign_again(ring=waiting.room.ring_of("822"), kid=waiting.signed.signing_kid)
    refused(waiting, errors.SignatureRefused, rule="signature")


def test_a_key_that_only_another_participant_registered(waiting):
    waiting.sign_again(ring=waiting.room.ring_of("822"))
    refused(waiting, errors.KeyRefused, rule="key_registered")


def test_a_revoked_key(waiting):
    gate = waiting.room.portal.gates["808"]
    revoked = tuple(k.model_copy(update={"state": "revoked"}) for k in gate.keys)
    waiting.room.portal.change("808", keys=revoked)
    refused(waiting, errors.KeyRefused, rule="key_revoked")


def test_a_signature_from_another_domain(waiting):
    ring = waiting.room.ring_of("808")
    other = waiting.signed.model_copy(
        update={"signature": ring.sign(RECEIPT_DOMAIN, waiting.signed.manifest.canonical())}
    )
    waiting.write_manifest(other.to_bytes())
    refused(waiting, errors.SignatureRefused, rule="signature")


def test_a_manifest_that_was_changed_after_signing(waiting):
    raw = (waiting.folder / "manifest.json").read_bytes()
    waiting.write_manifest(raw.replace(b'"rows":3', b'"rows":4'))
    refused(waiting, errors.SignatureRefused, rule="signature")


def test_a_manifest_for_another_participant_in_this_inbox(waiting):
    waiting.sign_again(participant="822")
    refused(waiting, errors.NotTheOwner, rule="path_participant")


@pytest.mark.parametrize("changes", [{"dataset": "contacts"}, {"sequence": 2}])
def test_a_manifest_that_lies_elsewhere_than_it_says(waiting, changes):
    waiting.sign_again(**changes)
    refused(waiting, errors.ManifestMalformed, rule="path")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"not json",
        b'{"manifest":{},"manifest":{},"signature":"","signing_kid":""}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_a_manifest_that_is_none(waiting, raw):
    waiting.write_manifest(raw)
    with pytest.raises(errors.ManifestMalformed) as caught:
        waiting.room.take_in("808")
    assert waiting.place in str(caught.value)
    assert_nothing_landed(waiting.room)
    [report] = waiting.room.portal.uploads("808")
    assert_answered(waiting, report)


def test_a_manifest_in_another_spelling(waiting):
    raw = (waiting.folder / "manifest.json").read_bytes()
    waiting.write_manifest(raw.replace(b'{"manifest"', b'{ "manifest"'))
    refused(waiting, errors.ManifestMalformed, rule="canonical_json")


# --- whether it may be sent ---------------------------------------------------------------------------------------


def test_an_expired_mou(waiting):
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date()
    waiting.room.portal.change("808", mou=signed_mou(expires_on=yesterday))
    error = refused(waiting, errors.MouNotInForce, rule="mou_in_time")
    assert "expired" in str(error)


def test_an_unsigned_mou(waiting):
    waiting.room.portal.change("808", mou=signed_mou().model_copy(update={"signed_at": None}))
    refused(waiting, errors.MouNotInForce, rule="mou_signed")


def test_a_suspended_participant(waiting):
    waiting.room.portal.change("808", state="suspended")
    refused(waiting, errors.UnknownInstitution, rule="participant_state")


def test_a_specification_version_that_is_not_in_force(waiting):
    waiting.sign_again(specification_version=2)
    refused(waiting, errors.SpecificationNotInForce, rule="specification_version")


def test_a_specification_with_another_text(waiting):
    waiting.room.portal.change("808", specification=specification_in_force(digest="0" * 64))
    refused(waiting, errors.SpecificationNotInForce, rule="specification_digest")


def test_too_many_bytes(waiting):
    room = waiting.room
    room.settings = replace(room.settings, upload_cap_bytes=100)
    error = refused(waiting, errors.TooLarge, rule="size_cap")
    assert "100" in str(error)


def test_a_manifest_over_its_cap(waiting):
    waiting.write_manifest(b" " * (1024 * 1024 + 1))
    refused(waiting, errors.TooLarge, rule="size_cap")


# --- its place in the sequence ------------------------------------------------------------------------------------


def test_a_skipped_number_waits_and_lands_when_the_gap_is_filled(waiting):
    room = waiting.room
    number = waiting.folder.parent
    hidden = number.with_name("hidden")
    room.data["808"].rows["transfers"][0][7] = "77.00"
    room.data["808"].write()
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


def test_a_number_used_again_with_other_content(waiting):
    room = waiting.room
    room.take_in("808")
    before = room.landed()
    first = waiting.place
    again = waiting.under_another_key()
    assert again.place != first
    with pytest.raises(errors.SequenceReplayed) as caught:
        room.take_in("808")
    assert again.place in str(caught.value)
    assert room.landed() == before
    assert sorted(r.state for r in room.portal.uploads("808")) == [UploadState.ACCEPTED, UploadState.REFUSED]
    assert room.room_events()[-1].detail["reason"] == "sequence_replayed"
    assert room.names(f"receipts/{first}/") == [f"receipts/{first}/accepted.json"]


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


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:],
        lambda raw: raw + b"\0",
    ],
    ids=["one byte short", "half", "empty", "one bit", "one byte more"],
)
def test_changed_or_truncated_ciphertext(waiting, damage):
    waiting.part.write_bytes(damage(waiting.part.read_bytes()))
    kind = errors.ContentTampered
    with pytest.raises((kind, errors.TooLarge)) as caught:
        waiting.room.take_in("808")
    assert waiting.place in str(caught.value)
    assert "part-00000" in str(caught.value)
    assert_nothing_landed(waiting.room)
    assert_answered(waiting, waiting.room.portal.uploads("808")[0])


def test_a_truncated_envelope_whose_digest_was_signed(waiting):
    """The signer itself sealed half a file: the envelope is what refuses it, and no plaintext stays anywhere."""
    raw = waiting.part.read_bytes()[:-20]
    waiting.part.write_bytes(raw)
    part = waiting.signed.manifest.parts[0].model_copy(
        update={"ciphertext_bytes": len(raw), "ciphertext_sha256": hashlib.sha256(raw).hexdigest()}
    )
    waiting.sign_again(parts=(part,))
    refused(waiting, errors.ContentTampered, rule="envelope")


def test_a_missing_part(waiting):
    waiting.part.unlink()
    refused(waiting, errors.ContentTampered, rule="parts")


def test_a_file_that_the_manifest_does_not_name(waiting):
    (waiting.folder / "part-00001.parquet.age").write_bytes(b"x")
    refused(waiting, errors.ContentTampered, rule="parts")


def test_rows_that_do_not_add_up(waiting):
    waiting.sign_again(rows=4)
    refused(waiting, errors.ManifestMalformed, rule="rows")


def test_fewer_rows_inside_than_signed(waiting):
    waiting.replace_rows(lambda rows: rows.slice(1))
    part = waiting.signed.manifest.parts[0].model_copy(update={"rows": 3})
    waiting.sign_again(parts=(part,), rows=3)
    refused(waiting, errors.ContentTampered, rule="rows", where="part-00000")


def test_an_envelope_to_a_key_that_the_room_does_not_hold(waiting):
    waiting.sign_again(recipient_kid="0" * 16)
    refused(waiting, errors.KeyRefused, rule="recipient_kid")


def test_content_that_is_no_table(waiting):
    waiting.replace_rows(lambda rows: b"PAR1 this is not a table PAR1")
    refused(waiting, errors.ContentTampered, rule="parquet", where="part-00000")


def test_a_column_that_nobody_agreed_on(waiting):
    waiting.replace_rows(lambda rows: rows.append_column("note", rows["txn_id"]))
    refused(waiting, errors.ContentTampered, rule="schema")


def test_clear_text_instead_of_a_hash(waiting):
    def clear(rows):
        return rows.drop_columns(["sender_account_t1"]).append_column("sender_account_t1", rows["txn_id"])

    waiting.replace_rows(clear)
    refused(waiting, errors.ContentTampered, rule="schema")


def test_an_empty_value_in_a_required_column(waiting):
    def with_gap(rows):
        position = rows.schema.get_field_index("channel")
        return rows.set_column(position, pa.field("channel", pa.string()), pa.array(["online", None, "atm"]))

    waiting.replace_rows(with_gap)
    refused(waiting, errors.ContentTampered, rule="schema")


def test_repeated_row_numbers(waiting):
    waiting.replace_rows(lambda rows: with_column(rows, "row_number", [1, 1, 2]))
    refused(waiting, errors.ContentTampered, rule="row_number", where="row_number")


def test_another_first_hash_key(waiting):
    waiting.sign_again(hash_kid="k1-0000000000000000")
    refused(waiting, errors.CanaryMismatch, rule="hash_kid")


def test_another_normaliser(waiting):
    changed = dict.fromkeys(waiting.signed.manifest.canaries, "0" * 64)
    waiting.sign_again(canaries=changed)
    refused(waiting, errors.CanaryMismatch, rule="canaries")


def test_the_first_canaries_are_pinned_where_none_were_and_not_in_production(waiting):
    room = waiting.room
    keys.pin_file(room.settings).unlink()
    with room.opened() as opened:
        production = replace(opened, settings=replace(opened.settings, environment="production"))
        with pytest.raises(errors.CanaryMismatch, match="canary_unpinned"):
            intake.take_in(production, participant="808")
    assert_nothing_landed(room)
    room.seal("808")
    room.take_in("808")
    pins = keys.read_pins(keys.pin_file(room.settings))
    assert pins == {room.ring_of("808").hash_kid: room.ring_of("808").canaries()}


def test_an_unknown_institution(waiting):
    waiting.replace_rows(lambda rows: with_column(rows, "receiver_institution", ["822", "998", "997"]))
    error = refused(waiting, errors.UnknownInstitution, rule="known_institution", where="receiver_institution")
    assert error.where.row == 2


def test_rows_of_other_institutions(waiting):
    def foreign(rows):
        return with_column(with_column(rows, "sender_institution", ["822"] * 3), "receiver_institution", ["700"] * 3)

    waiting.replace_rows(foreign)
    error = refused(waiting, errors.NotTheOwner, rule="owner", where="sender_institution")
    assert error.where.row == 1


def test_an_account_that_another_participant_keeps(clean_room):
    for code in ("808", "822"):
        data = clean_room.data[code]
        data.rows = {"accounts": data.rows["accounts"]}
        data.write()
        clean_room.seal(code)
    clean_room.take_in("808")
    before = clean_room.landed()
    own, other = Waiting(clean_room, "822", "accounts"), Waiting(clean_room, "808", "accounts")
    stolen = []

    def look(rows):
        stolen.extend(rows["account_t1"].to_pylist())
        return rows

    other.replace_rows(look)
    own.replace_rows(lambda rows: with_column(rows, "account_t1", stolen))
    with pytest.raises(errors.NotTheOwner, match="kept_elsewhere"):
        clean_room.take_in("822")
    assert clean_room.landed() == before


def test_a_rule_of_the_gate_in_the_room(waiting):
    waiting.replace_rows(lambda rows: with_column(rows, "amount_cents", [100, 0, -5]))
    with pytest.raises(errors.QualityGateFailed) as caught:
        waiting.room.take_in("808")
    assert_nothing_landed(waiting.room)
    [report] = waiting.room.portal.uploads("808")
    assert (report.state, report.reason) == (UploadState.QUARANTINED, "quality_gate_failed")
    broken = [r for r in report.quality if not r.passed and r.severity == "fail"]
    assert [(r.column, r.failed_rows, r.row_numbers) for r in broken] == [("amount_twd", 2, (2, 3))]
    assert caught.value.rule == broken[0].rule
    assert_answered(waiting, report)


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
