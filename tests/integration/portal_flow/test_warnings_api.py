"""Sending, pulling and answering warnings over the API."""

import pytest
from django.db import IntegrityError, transaction

from cleanroom.vocabulary.terms import AnswerKind, Role
from portal.alerts import caps
from portal.alerts.models import WarningAnswer, WarningRecord
from portal.alerts.states import NEXT_ANSWER, Delivery
from portal.audit.models import Event
from portal.participants.models import ParticipantKey
from portal.programme.models import Milestone
from portal.signoffs.models import ReleaseHold
from tests.factories.portal import make_person
from tests.factories.portal_flow import NOW, warning

pytestmark = pytest.mark.django_db


def as_json(*messages):
    return [message.model_dump(mode="json") for message in messages]


def send(api, *messages):
    return api("POST", "/warnings", as_json(*messages))


def test_warnings_are_accepted_once(room_api, bank, released):
    assert send(room_api, warning(1), warning(2), warning(1)) == (200, {"accepted": 2})
    assert send(room_api, warning(1), warning(3)) == (200, {"accepted": 1})
    assert WarningRecord.objects.count() == 3
    assert Event.objects.filter(verb="warnings.accepted").count() == 2


def test_the_same_number_with_other_content_is_refused_and_nothing_is_kept(room_api, bank, released):
    send(room_api, warning(1))
    status, problem = send(room_api, warning(2), warning(1, amount_bound_cents=7))
    assert (status, problem["reason"]) == (403, "not_allowed")
    assert [w.warning_id for w in WarningRecord.objects.all()] == [warning(1).warning_id]


@pytest.mark.parametrize("state", ["suspended", "retired", "approved"])
def test_nothing_is_sent_for_a_release_that_is_not_in_force(room_api, bank, released, state):
    released.state, released.suspended_reason = state, "drift"
    released.save()
    status, problem = send(room_api, warning(1))
    assert (status, problem["reason"]) == (409, "gate_closed")
    assert not WarningRecord.objects.exists()


def test_nothing_is_sent_to_an_institution_that_holds_the_release(room_api, bank, other_bank, released):
    reviewer = make_person(Role.GOVERNANCE_REVIEWER, institution="808")
    ReleaseHold.objects.create(
        release=released, participant=bank.participant, reason="own review", held_by=reviewer, held_at=NOW
    )
    assert send(room_api, warning(1))[0] == 409
    assert send(room_api, warning(2, "822")) == (200, {"accepted": 1})


def test_an_unknown_or_suspended_institution_is_refused(room_api, bank, released):
    assert send(room_api, warning(1, "999"))[1]["reason"] == "unknown_institution"
    bank.participant.state = "suspended"
    bank.participant.save()
    assert send(room_api, warning(1))[1]["reason"] == "unknown_institution"


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.ROOM_SERVICE, Role.DISPATCHER_SERVICE)])
def test_only_the_rooms_services_send(role, api_of, bank, released):
    status, _ = send(api_of(make_person(role, institution="808")), warning(1))
    assert status == 403
    assert not WarningRecord.objects.exists()


# --- the pull path ------------------------------------------------------------------------------------------------


def test_an_institution_pulls_its_own_in_order_and_goes_on_after_the_cursor(
    room_api, api_of, bank, other_bank, released
):
    send(room_api, warning(5), warning(3), warning(4, "822"))
    service = api_of(bank.service)
    _, first = service("GET", "/warnings")
    assert [w["warning_id"] for w in first] == [warning(5).warning_id, warning(3).warning_id]
    send(room_api, warning(9))
    _, more = service("GET", f"/warnings?cursor={first[-1]['cursor']}")
    assert [w["warning_id"] for w in more] == [warning(9).warning_id]
    _, again = service("GET", "/warnings?cursor=0")
    assert len(again) == 3, "a reader that lost its place can begin again"


def test_pulled_by_the_service_counts_as_delivered_read_by_a_person_does_not(room_api, api_of, bank, released):
    send(room_api, warning(1))
    api_of(bank.officer)("GET", "/warnings?purpose=case_work")
    assert WarningRecord.objects.get().delivery == Delivery.QUEUED
    api_of(bank.service)("GET", "/warnings")
    row = WarningRecord.objects.get()
    assert (row.delivery, row.delivered_by) == (Delivery.DELIVERED, "pull")


def test_nobody_pulls_anothers_warnings(room_api, api_of, bank, other_bank, released):
    send(room_api, warning(1))
    for person in (other_bank.service, other_bank.officer, make_person(Role.ANALYST)):
        assert api_of(person)("GET", "/warnings?participant=808")[0] == 403


# --- the daily cap ------------------------------------------------------------------------------------------------


def test_over_the_cap_warnings_wait_for_two_people(room_api, api_of, bank, other_bank, released, settings):
    from portal.alerts.actions.release_cap import release_cap

    settings.WARNINGS_DAILY_CAP = 2
    send(room_api, warning(1), warning(2), warning(3), warning(4), warning(5, "822"))
    assert WarningRecord.objects.filter(delivery=Delivery.CAPPED).count() == 2
    service = api_of(bank.service)
    seen = service("GET", "/warnings")[1]
    assert len(seen) == 2
    first, second = make_person(Role.COORDINATOR), make_person(Role.COORDINATOR)
    today = caps.day_of(WarningRecord.objects.first().accepted_at)
    assert release_cap(bank.participant, day=today, reason="checked", by=first) == 0
    with pytest.raises(Exception, match="second person"):
        release_cap(bank.participant, day=today, reason="checked", by=first)
    assert release_cap(bank.participant, day=today, reason="checked", by=second) == 2
    late = service("GET", f"/warnings?cursor={seen[-1]['cursor']}")[1]
    assert [w["warning_id"] for w in late] == [warning(3).warning_id, warning(4).warning_id]
    send(room_api, warning(6))
    assert not WarningRecord.objects.filter(delivery=Delivery.CAPPED).exists()


# --- answers ------------------------------------------------------------------------------------------------------


def reply(api, message):
    return api("POST", f"/warnings/{message.warning_id}/answers", message.model_dump(mode="json"))


def test_a_signed_answer_stops_the_clock_and_closes_the_milestone(room_api, api_of, bank, released, first_answer):
    send(room_api, warning(1))
    message = bank.answer(warning(1).warning_id, "controlled", action="hold", held_cents=1_000_000)
    assert reply(api_of(bank.service), message)[0] == 200
    row = WarningRecord.objects.get()
    assert (row.standing, row.held_cents) == ("controlled", 1_000_000)
    assert row.answered_at and row.settled_at
    first_answer.refresh_from_db()
    assert first_answer.evidence == f"warning:{warning(1).warning_id}"
    _, standings = room_api("GET", "/warning-standings")
    assert standings[0]["answers"] == [message.model_dump(mode="json")]


@pytest.fixture
def first_answer(db):
    from portal.programme.models import Phase

    phase = Phase.objects.create(
        key="rollout-t", position=90, name="t", name_zh="t", starts_on="2026-11-01", ends_on="2026-12-01"
    )
    return Milestone.objects.create(
        phase=phase, key="first-answer-t", name="t", name_zh="t", due_on="2026-12-01",
        evidence_kind="first_warning_answered",
    )  # fmt: skip


def test_the_same_answer_again_changes_nothing(room_api, api_of, bank, released):
    send(room_api, warning(1))
    message = bank.answer(warning(1).warning_id)
    service = api_of(bank.service)
    assert reply(service, message)[0] == reply(service, message)[0] == 200
    assert WarningAnswer.objects.count() == 1
    status, _ = reply(service, bank.answer(warning(1).warning_id, reason="changed my mind"))
    assert status == 403


def test_a_forged_or_foreign_signature_is_refused(room_api, api_of, bank, other_bank, released):
    send(room_api, warning(1))
    service = api_of(bank.service)
    good = bank.answer(warning(1).warning_id)
    changed = good.model_copy(update={"held_cents": 5})
    foreign = other_bank.answer(warning(1).warning_id, participant="808")
    borrowed = foreign.model_copy(update={"signing_kid": bank.kid})
    for message in (changed, foreign, borrowed, good.model_copy(update={"signature": ""})):
        status, problem = reply(service, message)
        assert (status, problem["reason"]) == (422, "signature_refused")
    assert not WarningAnswer.objects.exists()


def test_a_revoked_key_answers_nothing(room_api, api_of, bank, released):
    send(room_api, warning(1))
    ParticipantKey.objects.filter(kid=bank.kid).update(revoked_at=NOW, revoked_by=bank.officer, revoked_reason="stolen")
    assert reply(api_of(bank.service), bank.answer(warning(1).warning_id))[1]["reason"] == "signature_refused"


def test_another_institution_cannot_answer(room_api, api_of, bank, other_bank, released):
    send(room_api, warning(1))
    service = api_of(other_bank.service)
    assert reply(service, bank.answer(warning(1).warning_id))[0] == 403
    status, problem = reply(service, other_bank.answer(warning(1).warning_id))
    assert (status, problem["reason"]) == (403, "not_the_owner")


@pytest.mark.parametrize("before", [None, *AnswerKind])
@pytest.mark.parametrize("answer", list(AnswerKind))
def test_answers_follow_the_table(room_api, api_of, bank, released, before, answer):
    send(room_api, warning(1))
    service = api_of(bank.service)
    if before:
        assert reply(service, bank.answer(warning(1).warning_id, before))[0] == 200
    status, _ = reply(service, bank.answer(warning(1).warning_id, answer))
    assert (status == 200) == (answer in NEXT_ANSWER[before] or answer == before)


def test_the_database_keeps_one_answer_per_kind(room_api, api_of, bank, released):
    send(room_api, warning(1))
    reply(api_of(bank.service), bank.answer(warning(1).warning_id))
    stored = WarningAnswer.objects.get()
    stored.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        stored.save(force_insert=True)


def test_the_public_webhook_key_can_be_read_without_a_token(client, db, portal_home):
    from portal.alerts import webhook_key

    answer = client.get("/api/v1/webhook-key").json()
    assert answer["public_key"] == webhook_key.read(portal_home / "keys").public_key
    assert answer["standard_webhooks_key"].startswith("whpk_")


def test_a_stop_stands_until_another_person_lifts_it(room_api, api_of):
    assert room_api("GET", "/sending-stop") == (200, None)
    stopper, other = (api_of(make_person(Role.COORDINATOR)) for _ in range(2))
    assert room_api("POST", "/sending-stop", {"reason": "drill"})[0] == 403
    status, stop = stopper("POST", "/sending-stop", {"reason": "drill"})
    assert (status, stop["reason"]) == (200, "drill")
    assert other("POST", "/sending-stop", {"reason": "again"})[1] == stop == room_api("GET", "/sending-stop")[1]
    assert stopper("POST", "/sending-stop/lift")[0] == 403
    assert other("POST", "/sending-stop/lift")[0] == 200
    assert room_api("GET", "/sending-stop") == (200, None)
