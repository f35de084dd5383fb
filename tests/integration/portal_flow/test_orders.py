"""Release from quarantine and withdrawal: two people order, the room carries out, the database holds the rule."""

import pytest
from django.db import IntegrityError, transaction

from cleanroom.contracts.messages import SubmissionOrder as Message
from cleanroom.errors import NotAllowed, NotFound, RequestInvalid
from cleanroom.vocabulary.terms import Role, UploadState
from portal.audit.models import Event
from portal.common.waiting import waiting_for
from portal.uploads.actions.order import approve_order, decline_order, order, take_back_order
from portal.uploads.models import Submission, SubmissionOrder
from portal.uploads.orders import Kind
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import NOW, upload

pytestmark = pytest.mark.django_db
REASON = "the bank found out that a branch was missing"
BROKEN = {"state": "quarantined", "reason": "quality_gate_failed", "sentence": "Broken."}
NUMBER = f"{1:064x}"


@pytest.fixture
def steward():
    return make_person(Role.DATA_STEWARD, institution="808")


@pytest.fixture
def custodian():
    return make_person(Role.KEY_CUSTODIAN)


@pytest.fixture
def report(room_api, steward):
    def send(number=1, **changes):
        return room_api("POST", "/uploads", upload(number, **changes).model_dump(mode="json"))

    return send


def ordered(by, kind=Kind.WITHDRAW, number=NUMBER, reason=REASON):
    return order(by=by, submission_id=number, kind=kind, reason=reason)


def verbs():
    return [e.verb for e in Event.objects.order_by("sequence") if e.verb.startswith("submission_order.")]


def test_a_withdrawal_from_order_to_report(report, room_api, steward, custodian):
    report()
    made = ordered(steward)
    assert room_api("GET", "/submission-orders?participant=808")[1] == [], "one person alone orders nothing"
    assert report(state="withdrawn")[0] == 403
    approve_order(by=custodian, order_id=made.order_id)
    status, [told] = room_api("GET", "/submission-orders?participant=808")
    message = Message.model_validate(told)
    assert (status, message.order_id, message.kind, message.submission_id) == (200, made.order_id, "withdraw", NUMBER)
    assert (message.ordered_by, message.approved_by) == (steward.username, custodian.username)
    assert report(state="withdrawn")[0] == 200
    assert room_api("GET", "/submission-orders?participant=808")[1] == []
    made.refresh_from_db()
    assert made.end == "carried_out" and Submission.objects.get().state == "withdrawn"
    assert verbs() == [f"submission_order.{what}" for what in ("ordered", "approved", "carried_out")]


def test_a_release_from_quarantine(report, steward):
    report(**BROKEN)
    assert report()[0] == 403, "nothing leaves quarantine by the room's word alone"
    made = ordered(steward, Kind.RELEASE)
    approve_order(by=make_person(Role.GOVERNANCE_APPROVER), order_id=made.order_id)
    assert report()[0] == 200
    assert Submission.objects.get().state == UploadState.ACCEPTED
    assert SubmissionOrder.objects.get().end == "carried_out"


def test_the_second_person_is_never_the_first(report, steward):
    report()
    both = make_person(Role.DATA_STEWARD, Role.GOVERNANCE_REVIEWER, institution="808")
    made = ordered(both)
    with pytest.raises(NotAllowed, match="second person"):
        approve_order(by=both, order_id=made.order_id)
    assert approve_order(by=make_person(Role.GOVERNANCE_REVIEWER, institution="808"), order_id=made.order_id)


def test_a_release_is_approved_from_elsewhere(report):
    report(**BROKEN)
    made = ordered(make_person(Role.COORDINATOR), Kind.RELEASE)
    with pytest.raises(NotAllowed, match="outside"):
        approve_order(by=make_person(Role.GOVERNANCE_APPROVER, institution="808"), order_id=made.order_id)
    other = make_person(Role.GOVERNANCE_APPROVER, institution="822")
    assert approve_order(by=other, order_id=made.order_id).approver_from.code == "822"


@pytest.mark.parametrize(
    ("kind", "role", "institution"),
    [
        (Kind.WITHDRAW, Role.COORDINATOR, None),
        (Kind.WITHDRAW, Role.DATA_STEWARD, "822"),
        (Kind.WITHDRAW, Role.UPLOAD_SERVICE, "808"),
        (Kind.RELEASE, Role.PARTICIPANT_OFFICER, "808"),
        (Kind.RELEASE, Role.DATA_STEWARD, "822"),
        (Kind.RELEASE, Role.ROOM_SERVICE, None),
    ],
)
def test_who_may_not_order(report, kind, role, institution):
    report(**(BROKEN if kind is Kind.RELEASE else {}))
    with pytest.raises(NotAllowed):
        ordered(make_person(role, institution=institution), kind)
    assert not SubmissionOrder.objects.exists()


@pytest.mark.parametrize(
    ("role", "institution"),
    [(Role.COORDINATOR, None), (Role.PARTICIPANT_OFFICER, "808"), (Role.GOVERNANCE_REVIEWER, "822")],
)
def test_who_may_not_approve(report, steward, role, institution):
    report()
    made = ordered(steward)
    with pytest.raises(NotAllowed):
        approve_order(by=make_person(role, institution=institution), order_id=made.order_id)


@pytest.mark.parametrize(
    ("state", "kind"), [(BROKEN, Kind.WITHDRAW), ({}, Kind.RELEASE), ({"state": "held", "reason": "x"}, Kind.RELEASE)]
)
def test_an_order_fits_the_submissions_state(report, steward, state, kind):
    report(**state)
    with pytest.raises(NotAllowed, match="only a submission"):
        ordered(steward, kind)


def test_an_order_has_a_reason_and_a_submission(report, steward):
    report()
    with pytest.raises(RequestInvalid):
        ordered(steward, reason="why not")
    with pytest.raises(NotFound):
        ordered(steward, number="f" * 64)


def test_the_same_order_again_is_the_same_order(report, steward, custodian):
    report()
    first = ordered(steward)
    assert ordered(make_person(Role.PARTICIPANT_OFFICER, institution="808")) == first
    for _again in range(2):
        approve_order(by=custodian, order_id=first.order_id)
    assert verbs() == ["submission_order.ordered", "submission_order.approved"]


def test_an_open_order_is_declined_or_taken_back(report, steward, custodian):
    report()
    first = ordered(steward)
    both = make_person(Role.DATA_STEWARD, Role.GOVERNANCE_REVIEWER, institution="808")
    SubmissionOrder.objects.update(ordered_by=both)
    with pytest.raises(NotAllowed, match="second person"):
        decline_order(by=both, order_id=first.order_id, reason=REASON)
    assert decline_order(by=custodian, order_id=first.order_id, reason=REASON).state == "declined"
    with pytest.raises(NotAllowed, match="stands at: Declined"):
        approve_order(by=custodian, order_id=first.order_id)
    second = ordered(steward)
    for _again in range(2):
        assert take_back_order(by=steward, order_id=second.order_id).state == "taken_back"
    third = ordered(steward)
    approve_order(by=custodian, order_id=third.order_id)
    with pytest.raises(NotAllowed, match="stands at: Approved"):
        decline_order(by=custodian, order_id=third.order_id, reason=REASON)
    assert Submission.objects.get().state == "accepted" and SubmissionOrder.objects.count() == 3


def test_an_approved_order_that_the_room_cannot_carry_out_is_taken_back(report, room_api, steward, custodian):
    report()
    made = ordered(steward)
    approve_order(by=custodian, order_id=made.order_id)
    assert take_back_order(by=steward, order_id=made.order_id).state == "taken_back"
    assert room_api("GET", "/submission-orders")[1] == []
    with pytest.raises(NotAllowed, match="stands at: Taken back"):
        approve_order(by=make_person(Role.GOVERNANCE_APPROVER), order_id=ordered_and_taken_back(steward))


def ordered_and_taken_back(steward) -> str:
    made = ordered(steward)
    return take_back_order(by=steward, order_id=made.order_id).order_id


def test_where_the_room_was_faster_its_report_stands(report, steward, custodian):
    report()
    made = ordered(steward)
    approve_order(by=custodian, order_id=made.order_id)
    take_back_order(by=steward, order_id=made.order_id)
    assert report(state="withdrawn")[0] == 200
    made.refresh_from_db()
    assert made.end == "carried_out" and Submission.objects.get().state == "withdrawn"
    with pytest.raises(NotAllowed, match="stands at: Carried out"):
        take_back_order(by=steward, order_id=made.order_id)


@pytest.mark.parametrize("approved", [False, True])
def test_an_order_that_is_overtaken_ends(report, room_api, steward, custodian, approved):
    report()
    made = ordered(steward)
    if approved:
        approve_order(by=custodian, order_id=made.order_id)
    assert report(state="superseded")[0] == 200
    made.refresh_from_db()
    assert made.end == "overtaken" and room_api("GET", "/submission-orders")[1] == []


def test_the_database_itself_wants_two_people_and_one_live_order(report, steward, custodian):
    report(**BROKEN)
    made = ordered(steward, Kind.RELEASE)
    rows = SubmissionOrder.objects.filter(pk=made.pk)
    broken = [
        {"approved_at": NOW},
        {"approved_at": NOW, "approved_by": steward},
        {"approved_at": NOW, "approved_by": custodian, "approver_from": made.participant},
        {"end": "carried_out", "ended_at": NOW, "ended_by": custodian},
        {"end": "declined", "ended_at": NOW},
        {"ended_at": NOW, "ended_by": custodian},
        {"approved_at": NOW, "approved_by": custodian, "end": "declined", "ended_at": NOW, "ended_by": custodian},
        {"kind": "destroy"},
        {"reason": ""},
    ]
    for changes in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubmissionOrder.objects.create(
            kind="release", submission=made.submission, participant=made.participant, reason="x", ordered_by=steward
        )
    assert rows.update(approved_at=NOW, approved_by=custodian, approver_from=make_participant("822")) == 1


def test_orders_are_read_by_the_room_and_by_their_institution(report, room_api, api_of, steward, custodian):
    make_participant("822")
    for number, code in ((1, "808"), (2, "822")):
        report(number, participant=code)
        by = steward if code == "808" else make_person(Role.DATA_STEWARD, institution="822")
        approve_order(by=custodian, order_id=ordered(by, number=f"{number:064x}").order_id)
    assert [o["participant"] for o in room_api("GET", "/submission-orders")[1]] == ["808", "822"]
    own = api_of(make_person(Role.UPLOAD_SERVICE, institution="808"))
    assert [o["participant"] for o in own("GET", "/submission-orders")[1]] == ["808"]
    assert own("GET", "/submission-orders?participant=822")[1] == []
    assert api_of(make_person(Role.ANALYST))("GET", "/submission-orders")[0] == 403


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def as_(client):
    def act(person, path, body=None, expect=None):
        client.force_login(person, backend="portal.accounts.backends.PersonBackend")
        response = client.get(path) if body is None else client.post(path, body)
        assert response.status_code == (expect or (200 if body is None else 302)), response.content.decode()
        return response.content.decode()

    return act


def test_the_pages_lead_from_the_submission_to_the_order_and_back(report, as_, steward, custodian):
    report()
    page = f"/uploads/{NUMBER}/"
    assert f"{page}order/withdraw/" in as_(steward, page)
    assert "cannot be undone" in as_(steward, f"{page}order/withdraw/")
    as_(steward, f"{page}order/withdraw/give/", {"reason": ""}, expect=422)
    as_(steward, f"{page}order/withdraw/give/", {"reason": REASON})
    made = SubmissionOrder.objects.get()
    address = f"/uploads/orders/{made.order_id}/"
    assert address in as_(steward, page) and "order/withdraw/" not in as_(steward, page)
    assert "You gave this order" not in as_(steward, address), "who lacks the role reads about the role"
    assert "takes one of these roles" in as_(steward, address)
    [task] = [t for t in waiting_for(custodian) if t.url == address]
    assert "Withdraw" in str(task.title) and task.detail == REASON
    assert "cannot be undone" in as_(custodian, address)
    as_(custodian, f"{address}approve/", {})
    assert "waits for the clean room" in as_(steward, page)
    assert not [t for t in waiting_for(custodian) if t.url == address]


def test_whoever_ordered_reads_why_the_button_is_closed(report, as_):
    report()
    both = make_person(Role.DATA_STEWARD, Role.GOVERNANCE_REVIEWER, institution="808")
    address = f"/uploads/orders/{ordered(both).order_id}/"
    assert "You gave this order; a second person decides on it." in as_(both, address)
    assert not [t for t in waiting_for(both) if t.url == address]
    as_(both, f"{address}approve/", {}, expect=403)
    as_(both, f"{address}take-back/", {})
    assert "Taken back" in as_(both, address)


def test_another_institutions_order_does_not_exist_for_me(report, as_, steward):
    report()
    address = f"/uploads/orders/{ordered(steward).order_id}/"
    stranger = make_person(Role.DATA_STEWARD, institution="822")
    as_(stranger, address, expect=404)
    for what in ("approve", "take-back"):
        as_(stranger, f"{address}{what}/", {}, expect=404)
    as_(stranger, f"/uploads/{NUMBER}/order/withdraw/", expect=404)
    as_(steward, f"/uploads/{NUMBER}/order/nonsense/", expect=422)


def test_a_declined_order_shows_its_reason(report, as_, steward, custodian):
    report()
    address = f"/uploads/orders/{ordered(steward).order_id}/"
    as_(custodian, f"{address}decline/", {"reason": "the branch was there after all"})
    assert "the branch was there after all" in as_(steward, address)


def test_a_closed_order_button_says_who_may(report, as_):
    report(**BROKEN)
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    shown = as_(officer, f"/uploads/{NUMBER}/")
    assert "Release from quarantine" in shown and "To order the release" in shown and "order/release" not in shown
