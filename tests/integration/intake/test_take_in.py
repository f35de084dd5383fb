"""From clear folders to landed tokens, and the same steps again."""

import json

import pytest

from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.crypto.identifiers import canonical
from cleanroom.crypto.signing import verify
from cleanroom.errors import NotFound, PortalFault, SignatureRefused
from cleanroom.pipeline import sealing
from cleanroom.stores import audit_file
from cleanroom.vocabulary.terms import UploadState
from tests.factories.clean_room import ACCOUNTS, FORMS


def everything(clean_room):
    for code in FORMS:
        clean_room.seal(code)
    return [clean_room.take_in(code) for code in FORMS]


def test_every_row_of_every_institution_lands_once(clean_room):
    results = everything(clean_room)
    assert [r.rows for r in results] == [5, 6, 3]  # 808: 3 + 2, 822: 3 + 2 + 1, 700: 2 + 1
    assert clean_room.landed() == {
        "landing.transfers": 8,
        "landing.accounts": 5,
        "landing.list_events": 1,
        "landing.cross_industry_list": 0,
        "landing.holdings": 0,
        "landing.contacts": 0,
        "landing.submissions": 9,
        "routing.handles": 5,
    }


def test_both_ends_of_a_transfer_meet_in_the_same_tokens_and_values(clean_room):
    everything(clean_room)
    with clean_room.opened() as room:
        rows = room.warehouse.query(
            "select * from landing.transfers where clearing_ref = ? order by participant", ["C00000002"]
        ).to_pylist()
    ours, theirs = rows
    assert (ours["participant"], theirs["participant"]) == ("700", "822")
    same = ("executed_at", "sender_account_token", "receiver_account_token", "amount_cents", "sender_institution")
    assert [ours[c] for c in same] == [theirs[c] for c in same]
    assert ours["amount_cents"] == 90050
    assert ours["executed_at"].isoformat() == "2025-04-02T01:05:00+00:00"
    assert len(ours["sender_account_token"]) == 32
    assert int(ours["sender_account_token"], 16)


def test_no_identifier_stands_in_any_store(clean_room):
    everything(clean_room)
    looked_at = [p for p in clean_room.home.rglob("*") if p.is_file() and "institutions" not in p.parts]
    assert len(looked_at) > 20, "this test would pass on nothing"
    secrets = [account.encode() for accounts in ACCOUNTS.values() for account in accounts]
    assert not [p.name for p in looked_at for s in secrets if s in p.read_bytes()]


def test_the_handle_leads_the_owner_and_only_the_owner_back(clean_room):
    everything(clean_room)
    with clean_room.opened() as room:
        found = room.warehouse.query("select * from routing.handles where participant = '808'").to_pylist()
    ring = clean_room.ring_of("808")
    accounts = {ring.open_handle(row["handle"]) for row in found}
    assert accounts == {canonical("account", a, institution="808") for a in ACCOUNTS["808"]}


def test_the_receipt_is_signed_and_names_its_place_in_the_log(clean_room):
    clean_room.seal("808")
    clean_room.take_in("808")
    report = next(r for r in clean_room.portal.uploads("808") if r.dataset == "transfers")
    [name] = clean_room.names("receipts/808/transfers/")
    assert name.endswith("/accepted.json")
    stored = json.loads(clean_room.objects.get_bytes(name, cap_bytes=10_000))
    assert stored == report.receipt.model_dump(mode="json")
    gate = clean_room.portal.gate("808")
    verify(gate.room_signing_key, RECEIPT_DOMAIN, canonical_bytes(stored["body"]), stored["signature"])
    place = stored["body"]["audit_sequence"]
    event = clean_room.room_events()[place - 1]
    assert (event.verb, event.subject) == ("submission.accepted", report.submission_id)
    assert audit_file.verify(clean_room.settings.audit_file) == 3


def test_an_institution_reads_and_verifies_its_receipts(clean_room):
    everything(clean_room)
    settings = clean_room.participant("822")
    receipts = sealing.read_receipts(settings, portal=clean_room.portal, objects=clean_room.objects)
    assert sorted(r.body["dataset"] for r in receipts) == ["accounts", "list_events", "transfers"]
    assert {(r.body["participant"], r.body["state"]) for r in receipts} == {("822", "accepted")}
    forged = receipts[0].model_copy(update={"body": {**receipts[0].body, "rows": 99}})
    place = clean_room.names("receipts/822/")[0].rpartition("/")[0]
    clean_room.objects.put_bytes(f"{place}/withdrawn.json", canonical_bytes(forged.model_dump(mode="json")))
    with pytest.raises(SignatureRefused):
        sealing.read_receipts(settings, portal=clean_room.portal, objects=clean_room.objects)


def test_both_steps_again_change_nothing(clean_room):
    everything(clean_room)
    before = clean_room.landed(), clean_room.names(""), len(clean_room.room_events())
    again = everything(clean_room)
    assert [r.rows for r in again] == [0, 0, 0]
    assert all(r.detail == {"landed": 0, "unchanged": 3} for r in again)
    assert (clean_room.landed(), clean_room.names(""), len(clean_room.room_events())) == before


def test_new_content_takes_the_next_number_even_before_the_first_is_taken_in(clean_room):
    clean_room.seal("808")
    clean_room.data["808"].rows["accounts"][0][5] = "dormant"
    clean_room.data["808"].write()
    second = clean_room.seal("808")
    assert (second.detail["uploaded"], second.detail["unchanged"]) == (1, 2)
    assert clean_room.take_in("808").detail["landed"] == 4
    assert clean_room.landed()["landing.accounts"] == 4


def test_a_rotated_signing_key_does_not_touch_what_was_accepted(clean_room):
    clean_room.seal("808")
    clean_room.take_in("808")
    revoked = [k.model_copy(update={"state": "revoked"}) for k in clean_room.portal.gates["808"].keys]
    clean_room.portal.change("808", keys=tuple(revoked))
    assert clean_room.take_in("808").detail == {"landed": 0, "unchanged": 3}


def test_the_quality_of_the_gate_in_the_room_is_reported(clean_room):
    clean_room.seal("808")
    clean_room.take_in("808")
    reports = clean_room.portal.uploads("808")
    assert len(reports) == 3
    assert all(r.state == UploadState.ACCEPTED and len(r.quality) >= 5 for r in reports)


def test_an_unknown_participant_is_refused(clean_room):
    with pytest.raises(NotFound):
        clean_room.take_in("999")


@pytest.mark.parametrize("method", ["gate", "report_upload"])
def test_a_portal_that_is_down_is_a_fault_and_the_next_run_ends_the_same(clean_room, method):
    clean_room.seal("808")
    clean_room.portal.down.add(method)
    with pytest.raises(PortalFault):
        clean_room.take_in("808")
    clean_room.portal.down.clear()
    clean_room.take_in("808")
    assert len(clean_room.portal.uploads("808")) == 3
    assert clean_room.landed()["landing.submissions"] == 3
    assert len([e for e in clean_room.room_events() if e.verb == "submission.accepted"]) == 3
