"""The portal in memory keeps to the protocol and refuses what the portal refuses."""

import inspect

import pytest

from cleanroom.contracts.messages import SubmissionOrder
from cleanroom.errors import NotAllowed, NotFound, PortalFault, SequenceReplayed
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.stores.ports import Portal
from cleanroom.vocabulary.terms import UploadState
from portal.uploads.orders import RULES
from tests.factories.clean_room import CleanRoom
from tests.fakes.portal import ORDERED, MemoryPortal


def methods(kind):
    return {n: f for n, f in vars(kind).items() if inspect.isfunction(f) and not n.startswith("_")}


def test_it_has_every_method_of_the_protocol_with_its_parameters():
    asked = methods(Portal)
    assert len(asked) >= 18, "this test would pass on nothing"
    for name, declared in asked.items():
        for kind in (MemoryPortal, HttpPortal):
            found = methods(kind)[name]
            assert list(inspect.signature(found).parameters) == list(inspect.signature(declared).parameters), name


@pytest.fixture
def clean_room(tmp_path):
    room = CleanRoom.make(tmp_path / "home")
    data = room.data["808"]
    data.rows = {"accounts": data.rows["accounts"]}
    data.write()
    room.seal("808")
    return room


def test_next_numbers_follow_what_was_accepted(clean_room):
    portal = clean_room.portal
    assert portal.gate("808").next_sequence["accounts"] == 1
    clean_room.take_in("808")
    assert portal.gate("808").next_sequence["accounts"] == 2
    assert portal.gate("822").next_sequence["accounts"] == 1


def test_an_accepted_submission_stays_accepted(clean_room):
    clean_room.take_in("808")
    [report] = clean_room.portal.uploads("808")
    clean_room.portal.report_upload(report)
    with pytest.raises(NotAllowed):
        clean_room.portal.report_upload(report.model_copy(update={"state": "refused"}))


def test_its_orders_are_those_of_the_portal():
    assert {(rule.only_on, rule.leads_to): kind.value for kind, rule in RULES.items()} == ORDERED


def withdrawal_of(report):
    return SubmissionOrder(
        order_id="1", kind="withdraw", submission_id=report.submission_id, participant=report.participant,
        dataset=report.dataset, sequence=report.sequence, reason="a branch was missing", ordered_by="steward",
        approved_by="custodian", approved_at=report.decided_at,
    )  # fmt: skip


def test_a_withdrawal_takes_an_order_and_ends_it(clean_room):
    clean_room.take_in("808")
    portal, [report] = clean_room.portal, clean_room.portal.uploads("808")
    withdrawn = report.model_copy(update={"state": UploadState.WITHDRAWN})
    with pytest.raises(NotAllowed, match="order"):
        portal.report_upload(withdrawn)
    portal.ordered.append(withdrawal_of(report))
    assert len(portal.orders("808")) == 1
    portal.report_upload(withdrawn)
    assert portal.orders("808") == [] and portal.gate("808").next_sequence["accounts"] == 2


def test_a_number_lands_once(clean_room):
    clean_room.take_in("808")
    [report] = clean_room.portal.uploads("808")
    with pytest.raises(SequenceReplayed):
        clean_room.portal.report_upload(report.model_copy(update={"submission_id": "f" * 64}))


def test_what_nobody_knows_and_what_is_down(clean_room):
    for ask in (lambda: clean_room.portal.gate("999"), lambda: clean_room.portal.release("none")):
        with pytest.raises(NotFound):
            ask()
    clean_room.portal.down.add("gate")
    with pytest.raises(PortalFault):
        clean_room.portal.gate("808")
