"""What happens to a submission after it landed, or before it may: replaced, withdrawn, released, out of its time."""

from datetime import UTC, datetime, timedelta

import pytest

from cleanroom import errors
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import SubmissionOrder
from cleanroom.crypto.envelope import open_bytes
from cleanroom.crypto.signing import verify
from cleanroom.pipeline import sealing
from cleanroom.vocabulary.terms import Dataset, UploadState
from tests.factories.attacks import Attack, Side, attack
from tests.factories.months import in_month
from tests.factories.tampering import Waiting, with_column


@pytest.fixture
def room(clean_room):
    """808 has transfers alone; nothing sealed yet."""
    in_month(clean_room.data["808"], 4)
    return clean_room


@pytest.fixture
def landed(room):
    """Transfers of April have landed."""
    room.seal("808")
    room.take_in("808")
    return Waiting(room, "808", "transfers", 1)


def replaced(room, *, amount="77.00"):
    """April once more, with another amount, as number 2; by the institution's own command."""
    room.data["808"].rows["transfers"][0][7] = amount
    room.data["808"].write()
    supersede = [Dataset.TRANSFERS]
    sealing.seal_and_upload(room.participant("808"), portal=room.portal, objects=room.objects, supersede=supersede)
    return Waiting(room, "808", "transfers", 2)


def may(room, **changes):
    """Transfers of May as number 2; the manifest says something else where `changes` do."""
    in_month(room.data["808"], 5)
    room.seal("808")
    second = Waiting(room, "808", "transfers", 2)
    if changes:
        second.sign_again(**changes)
    return second


def submission_id(waiting):
    return waiting.signed.manifest.submission_id


def state_of(room, submission):
    return next(r for r in room.portal.uploads("808") if r.submission_id == submission)


def amounts(room):
    with room.opened() as opened:
        sql = "select amount_cents from landing.transfers order by 1"
        return opened.warehouse.query(sql)["amount_cents"].to_pylist()


def order(room, kind, waiting, **other):
    made = SubmissionOrder(
        order_id=f"order-{len(room.portal.ordered)}",
        kind=kind,
        submission_id=submission_id(waiting),
        participant="808",
        dataset="transfers",
        sequence=waiting.sequence,
        reason="agreed by telephone",
        ordered_by="steward",
        approved_by="custodian",
        approved_at=datetime.now(UTC),
        **other,
    )
    room.portal.ordered.append(made)
    return made


def assert_unreadable(room, waiting):
    """The parts lie there still, and every key that the room has left opens none of them."""
    assert waiting.part.exists()
    assert not waiting.key.exists()
    left = list((room.settings.objects_dir / "keys").rglob("*.age"))
    identities = [room.ring.decrypt_file(path).decode() for path in left]
    for identity in identities:
        with pytest.raises(errors.ContentTampered):
            open_bytes(waiting.part.read_bytes(), [identity])
    with pytest.raises(errors.ContentTampered):
        room.ring.decrypt(waiting.part.read_bytes())


# --- replaced -----------------------------------------------------------------------------------------------------


def test_a_submission_that_supersedes_takes_the_others_place_and_its_key_is_destroyed(room, landed):
    first = submission_id(landed)
    second = replaced(room)
    assert room.take_in("808").detail == {"landed": 1, "unchanged": 1, "ended": 1}
    assert amounts(room) == [2525, 7700, 80000]
    assert (state_of(room, first).state, state_of(room, submission_id(second)).state) == ("superseded", "accepted")
    assert_unreadable(room, landed)
    assert second.key.exists()
    event = next(e for e in room.room_events() if e.verb == "submission.superseded")
    assert (event.subject, event.detail["superseded_by"]) == (first, submission_id(second))
    receipt = state_of(room, first).receipt
    verify(room.ring.signing_public_key, RECEIPT_DOMAIN, canonical_bytes(receipt.body), receipt.signature)
    assert room.names(f"receipts/{landed.place}/") == [
        f"receipts/{landed.place}/{s}.json" for s in ("accepted", "superseded")
    ]
    assert len(state_of(room, first).quality) > 5, "what the gate found is not forgotten"


def test_a_second_run_after_superseding_changes_nothing(room, landed):
    replaced(room)
    room.take_in("808")
    before = room.landed(), room.names(""), len(room.room_events())
    assert room.take_in("808").detail == {"landed": 0, "unchanged": 2}
    assert (room.landed(), room.names(""), len(room.room_events())) == before


def refused(room, kind, *, rule):
    before = room.landed()
    with pytest.raises(kind) as caught:
        room.take_in("808")
    assert (type(caught.value), caught.value.rule) == (kind, rule)
    assert room.landed() == before
    return caught.value


def test_days_that_landed_before_are_refused(room, landed):
    second = may(room, period=landed.signed.manifest.period)
    error = refused(room, errors.SequenceReplayed, rule="period_overlap")
    assert "sequence 1" in str(error)
    assert state_of(room, submission_id(second)).state == UploadState.REFUSED


def test_another_month_is_taken(room, landed):
    may(room)
    assert room.take_in("808").detail == {"landed": 1, "unchanged": 1}


def test_replay_of_last_month_is_refused_under_its_own_and_under_a_new_number(room, landed):
    april = landed.signed
    may(room)
    room.take_in("808")
    replay = Waiting(room, "808", "transfers", 3)
    room.objects.put_bytes(f"inbox/808/transfers/00000003/{april.manifest.place[-16:]}/manifest.json", april.to_bytes())
    error = refused(room, errors.ManifestMalformed, rule="path")
    assert replay.place.rpartition("/")[0] in str(error)


@pytest.mark.parametrize("named", ["nothing of ours", "of the other participant"])
def test_only_an_accepted_submission_of_ones_own_is_replaced(room, landed, named):
    in_month(room.data["822"], 4)
    room.seal("822")
    room.take_in("822")
    theirs = submission_id(Waiting(room, "822", "transfers", 1))
    may(room, supersedes={"nothing of ours": "a" * 64, "of the other participant": theirs}[named])
    refused(room, errors.SequenceReplayed, rule="supersedes")
    assert state_of(room, submission_id(landed)).state == UploadState.ACCEPTED


# --- out of its time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "rule"),
    [(timedelta(minutes=11), "clock_skew"), (-timedelta(days=30, minutes=1), "expired")],
    ids=["ahead", "old"],
)
def test_a_submission_of_another_time_is_refused(room, made, rule):
    room.seal("808")
    Waiting(room, "808", "transfers").sign_again(created_at=datetime.now(UTC).replace(microsecond=0) + made)
    refused(room, errors.SubmissionExpired, rule=rule)


@pytest.mark.parametrize("made", [timedelta(minutes=9), -timedelta(days=29, hours=23)], ids=["a little", "nearly"])
def test_a_clock_may_be_a_little_wrong_and_a_file_a_month_old(room, made):
    room.seal("808")
    Waiting(room, "808", "transfers").sign_again(created_at=datetime.now(UTC).replace(microsecond=0) + made)
    assert room.take_in("808").detail["landed"] == 1


# --- withdrawn ----------------------------------------------------------------------------------------------------


@attack(
    Attack(
        "reading what was withdrawn",
        Side.KEYS,
        "the sealed parts of a withdrawn submission are opened with every key that the room has left",
        "以無塵室所餘全部金鑰開啟已撤回批次",
        outcome="nothing opens: its key is destroyed",
        outcome_zh="無法開啟：金鑰已銷毀",
    )
)
def test_a_withdrawn_submission_is_gone_and_cannot_be_read_again(case, room, landed):
    order(room, "withdraw", landed)
    assert room.take_in("808").detail == {"landed": 0, "unchanged": 1, "ended": 1}
    assert room.landed()["landing.transfers"] == 0
    assert room.landed()["landing.submissions"] == 1
    assert_unreadable(room, landed)
    event = next(e for e in room.room_events() if e.verb == "submission.withdrawn")
    assert (event.detail["ordered_by"], event.detail["approved_by"]) == ("steward", "custodian")
    assert "telephone" not in event.model_dump_json(), "a person's words stay in the portal"
    assert state_of(room, submission_id(landed)).state == UploadState.WITHDRAWN
    assert f"receipts/{landed.place}/withdrawn.json" in room.names("receipts/808/")
    assert room.portal.orders("808") == []
    assert room.take_in("808").detail == {"landed": 0, "unchanged": 1}
    case.held()


def test_the_same_days_may_come_again_after_a_withdrawal_under_a_new_number(room, landed):
    order(room, "withdraw", landed)
    room.take_in("808")
    room.data["808"].rows["transfers"][0][7] = "77.00"
    room.data["808"].write()
    room.seal("808")
    assert room.take_in("808").detail["landed"] == 1
    assert room.landed()["landing.transfers"] == 3


def test_what_was_replaced_or_withdrawn_comes_back_only_when_asked_for(room, landed):
    before, first = amounts(room), room.data["808"].rows["transfers"][0][7]
    replaced(room)
    room.take_in("808")
    replaced(room, amount=first)
    room.take_in("808")
    assert amounts(room) == before
    order(room, "withdraw", Waiting(room, "808", "transfers", 3))
    room.take_in("808")
    room.seal("808")
    room.take_in("808")
    assert not amounts(room), "a run that nobody asked to must not undo a withdrawal"
    for _ in range(2):
        replaced(room, amount=first)
    room.take_in("808")
    assert amounts(room) == before
    assert Waiting(room, "808", "transfers", 4).signed.manifest.supersedes is None


def test_an_order_about_what_is_not_there_is_told_once_and_does_not_hold_up_the_rest(room, landed):
    order(room, "withdraw", landed).model_copy()
    room.portal.ordered[0] = room.portal.ordered[0].model_copy(update={"submission_id": "c" * 64})
    may(room)
    for _ in range(2):
        with pytest.raises(errors.NotFound, match="withdraw_unknown"):
            room.take_in("808")
    assert room.landed()["landing.transfers"] == 6
    assert len([e for e in room.room_events() if e.verb == "order.refused"]) == 1


def test_what_was_replaced_cannot_be_withdrawn(room, landed, monkeypatch):
    late = order(room, "withdraw", landed)
    room.portal.ordered.clear()
    replaced(room)
    room.take_in("808")
    monkeypatch.setattr(room.portal, "orders", lambda participant: [late])  # whatever the portal should say
    with pytest.raises(errors.NotAllowed, match="withdraw_gone"):
        room.take_in("808")
    assert room.landed()["landing.transfers"] == 3


# --- released from quarantine -------------------------------------------------------------------------------------


@pytest.fixture
def quarantined(room):
    room.seal("808")
    waiting = Waiting(room, "808", "transfers")
    waiting.replace_rows(lambda rows: with_column(rows, "amount_cents", [100, 0, 5]))
    with pytest.raises(errors.QualityGateFailed):
        room.take_in("808")
    return waiting


def test_two_people_release_from_quarantine_what_only_the_gate_stopped(room, quarantined):
    assert state_of(room, submission_id(quarantined)).state == UploadState.QUARANTINED
    order(room, "release", quarantined)
    assert room.take_in("808").detail["landed"] == 1
    assert amounts(room) == [0, 5, 100]
    report = state_of(room, submission_id(quarantined))
    assert report.state == UploadState.ACCEPTED
    assert [r.failed_rows for r in report.quality if not r.passed and r.severity == "fail"] == [1]
    event = next(e for e in room.room_events() if e.verb == "submission.accepted")
    assert (event.detail["order"], event.detail["rules_not_held"]) == ("order-0", "amount_twd.minimum")
    assert (event.detail["ordered_by"], event.detail["approved_by"]) == ("steward", "custodian")
    assert room.portal.orders("808") == []
    assert room.take_in("808").detail == {"landed": 0, "unchanged": 1}


def test_nothing_but_the_gate_is_waived(room, quarantined):
    gate = room.portal.gates["808"]
    room.portal.change("808", keys=tuple(k.model_copy(update={"state": "revoked"}) for k in gate.keys))
    order(room, "release", quarantined)
    for _ in range(2):
        with pytest.raises(errors.KeyRefused, match="key_revoked"):
            room.take_in("808")
    assert room.landed()["landing.transfers"] == 0
    assert state_of(room, submission_id(quarantined)).state == UploadState.QUARANTINED
    [event] = [e for e in room.room_events() if e.verb == "order.refused"]
    assert (event.detail["order"], event.detail["rule"]) == ("order-0", "key_revoked")


def test_what_was_never_quarantined_is_not_released(room, monkeypatch):
    room.seal("808")
    waiting = Waiting(room, "808", "transfers")
    waiting.sign_again(hash_kid="k1-0000000000000000")
    with pytest.raises(errors.CanaryMismatch):
        room.take_in("808")
    made = order(room, "release", waiting)
    monkeypatch.setattr(room.portal, "orders", lambda participant: [made])  # whatever the portal should say
    with pytest.raises(errors.NotFound, match="release_unknown"):
        room.take_in("808")
    assert room.landed()["landing.transfers"] == 0


def test_the_corrected_file_comes_before_the_release(room, quarantined):
    late = order(room, "release", quarantined)
    room.portal.ordered.clear()
    room.data["808"].rows["transfers"][0][7] = "77.00"
    room.data["808"].write()
    room.seal("808")
    assert room.take_in("808").detail["landed"] == 1
    room.portal.ordered.append(late)
    with pytest.raises(errors.SequenceReplayed):
        room.take_in("808")
    assert amounts(room) == [2525, 7700, 80000]


# --- a new warehouse ----------------------------------------------------------------------------------------------


@attack(
    Attack(
        "warehouse file damaged",
        Side.INTAKE,
        "the warehouse's file is overwritten with rubbish",
        "資料倉儲檔案毀損",
        outcome="warehouse_fault says to move it away; what was accepted lands again from the store",
        outcome_zh="warehouse_fault 指示移走檔案；已收件者自儲存區重新入庫",
    )
)
def test_what_was_accepted_lands_again_in_a_new_warehouse_and_what_ended_does_not(case, room, landed):
    replaced(room)
    room.take_in("808")
    before, receipts = amounts(room), room.names("receipts/")
    gate = room.portal.gates["808"]
    room.portal.change("808", keys=tuple(k.model_copy(update={"state": "revoked"}) for k in gate.keys))
    room.settings.warehouse_file.write_bytes(b"this is no database" * 400)
    with pytest.raises(errors.WarehouseFault, match="move it away and run take-in"):
        room.take_in("808")
    room.settings.warehouse_file.rename(room.settings.warehouse_file.with_suffix(".damaged"))
    result = room.take_in("808")
    assert (result.rows, result.detail) == (0, {"landed": 0, "unchanged": 1, "restored": 1})
    assert amounts(room) == before
    assert room.names("receipts/") == receipts
    assert [e.verb for e in room.room_events()][-1] == "submission.restored"
    assert room.take_in("808").detail == {"landed": 0, "unchanged": 2}
    case.held()


@attack(
    Attack(
        "forged receipt",
        Side.TRANSPORT,
        "a receipt of acceptance that the room never signed lies in the store of a new warehouse",
        "偽造收件回執於新資料倉儲",
        outcome="nothing lands",
        outcome_zh="未入庫",
    )
)
def test_a_forged_receipt_brings_nothing_into_a_new_warehouse(case, room):
    room.seal("808")
    waiting = Waiting(room, "808", "transfers")
    other = room.ring_of("822").sign(RECEIPT_DOMAIN, b"{}")
    body = {
        "body": {"submission_id": submission_id(waiting), "state": "accepted"},
        "signing_kid": "x",
        "signature": other,
    }
    room.objects.put_bytes(f"receipts/{waiting.place}/accepted.json", canonical_bytes(body))
    with pytest.raises(errors.SignatureRefused):
        room.take_in("808")
    assert room.landed()["landing.transfers"] == 0
    case.held()
