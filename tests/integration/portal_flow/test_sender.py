"""The sender against real receivers on loopback: delivered once in effect, whatever breaks in between."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.messages import WarningMessage
from cleanroom.vocabulary.terms import Role
from portal.alerts import outbox, webhook_key
from portal.alerts.actions.escalate import escalate_unanswered
from portal.alerts.actions.replay import replay
from portal.alerts.actions.send import send_warnings
from portal.alerts.actions.stop import lift_stop, stop_sending
from portal.alerts.models import DeliveryAttempt, EmergencyStop, WarningRecord
from portal.alerts.sender import deliver_due
from portal.alerts.states import Delivery
from portal.audit.models import Event
from tests.factories.portal import make_person
from tests.factories.portal_flow import warning
from tests.factories.webhook_receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(room, bank, released):
    """`sent(n, ...)`: n warnings in the outbox."""

    def make(count: int = 1, **changes) -> list[WarningRecord]:
        send_warnings([warning(i + 1, **changes) for i in range(count)], by=room)
        return list(WarningRecord.objects.order_by("pk"))

    return make


def make_due(**changes) -> None:
    WarningRecord.objects.update(due_at=timezone.now() - timedelta(seconds=1), **changes)


def test_a_warning_arrives_signed_with_its_number(sent, bank, portal_home):
    sent(1)
    with Receiver() as receiver:
        bank.endpoint(receiver.url)
        assert deliver_due() == {Delivery.DELIVERED: 1}
    [headers] = receiver.seen
    body = receiver.rows[warning(1).warning_id]
    assert body == canonical_bytes(warning(1).model_dump(mode="json"))
    assert WarningMessage.model_validate_json(body) == warning(1)
    check_signature(headers, body, webhook_key.read(portal_home / "keys"))
    row = WarningRecord.objects.get()
    assert row.delivered_by == "webhook" and row.delivered_at and not row.lease_owner
    assert [a.status for a in row.tries.all()] == [204]


def check_signature(headers, body: bytes, key) -> None:
    import base64

    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64decode(headers["webhook-signature"].removeprefix("v1a,"))
    Ed25519PublicKey.from_public_bytes(key.public_bytes).verify(signature, signed)
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60


def test_many_warnings_go_in_several_rounds(sent, bank):
    sent(20)
    with Receiver() as receiver:
        bank.endpoint(receiver.url)
        assert deliver_due() == {Delivery.DELIVERED: 20}
        assert deliver_due() == {}
    assert len(receiver.seen) == len(receiver.rows) == 20


def test_critical_warnings_go_first(room, bank, released):
    messages = [warning(1, severity="normal"), warning(2, severity="normal"), warning(3)]
    send_warnings(messages, by=room)
    bank.endpoint("http://127.0.0.1:9/")
    assert [w.warning_id for w in outbox.due(timezone.now())] == [warning(i).warning_id for i in (3, 1, 2)]


def test_without_an_approved_endpoint_nothing_is_tried(sent, bank):
    sent(1)
    endpoint = bank.endpoint("http://127.0.0.1:9/")
    endpoint.approved_at = endpoint.approved_by = None
    endpoint.save()
    assert deliver_due() == {}
    assert not DeliveryAttempt.objects.exists()


def test_a_failure_is_tried_again_later_under_the_same_number(sent, bank):
    sent(1)
    with Receiver(status=500) as receiver:
        bank.endpoint(receiver.url)
        assert deliver_due() == {Delivery.QUEUED: 1}
        row = WarningRecord.objects.get()
        assert row.attempts == 1 and row.last_error == "the endpoint answered 500"
        assert timedelta(seconds=1) < row.due_at - timezone.now() < timedelta(seconds=3)
        receiver.status = 200
        assert deliver_due() == {}, "not before its time"
        make_due()
        assert deliver_due() == {Delivery.DELIVERED: 1}
    assert len(receiver.seen) == 2 and len(receiver.rows) == 1
    assert [a.status for a in DeliveryAttempt.objects.all()] == [500, 200]


def test_retry_after_is_kept(sent, bank):
    sent(1)
    with Receiver(status=503, headers={"Retry-After": "200"}) as receiver:
        bank.endpoint(receiver.url)
        deliver_due()
    assert WarningRecord.objects.get().due_at - timezone.now() > timedelta(seconds=190)


def test_gone_disables_the_endpoint_and_makes_a_dead_letter(sent, bank):
    sent(1)
    with Receiver(status=410) as receiver:
        endpoint = bank.endpoint(receiver.url)
        assert deliver_due() == {Delivery.DEAD: 1}
    endpoint.refresh_from_db()
    assert endpoint.disabled_at and "410" in endpoint.disabled_reason
    assert Event.objects.filter(verb="endpoint.disabled").count() == 1


def test_the_schedules_end_is_a_dead_letter_that_a_person_can_replay(sent, bank):
    sent(1, severity="normal")
    with Receiver(status=500) as receiver:
        bank.endpoint(receiver.url)
        for _ in range(8):
            make_due()
            deliver_due()
        assert WarningRecord.objects.get().delivery == Delivery.DEAD
        assert len(receiver.seen) == 8
        receiver.status = 200
        replay(warning(1).warning_id, by=make_person(Role.COORDINATOR))
        assert deliver_due() == {Delivery.DELIVERED: 1}
    assert set(receiver.rows) == {warning(1).warning_id}
    with pytest.raises(Exception, match="dead letter"):
        replay(warning(1).warning_id, by=make_person(Role.COORDINATOR))


def test_a_private_address_is_never_posted_to_in_production(sent, bank, settings):
    settings.PRODUCTION = True
    sent(1)
    with Receiver() as receiver:
        bank.endpoint(receiver.url.replace("http://", "https://"))
        assert deliver_due() == {Delivery.DEAD: 1}
    assert receiver.seen == []
    assert "private address" in WarningRecord.objects.get().last_error


def test_a_lease_keeps_a_second_sender_away_until_it_ends(sent, bank):
    sent(1)
    bank.endpoint("http://127.0.0.1:9/")
    now = timezone.now()
    assert len(outbox.claim(owner="one", now=now, limit=8)) == 1
    assert outbox.claim(owner="two", now=now, limit=8) == []
    later = now + timedelta(seconds=outbox.LEASE_SECONDS + 1)
    assert len(outbox.claim(owner="two", now=later, limit=8)) == 1


def test_a_sender_that_lost_its_lease_marks_a_success_but_no_failure(sent, bank):
    from portal.alerts.transport import Answer

    [row] = sent(1)
    bank.endpoint("http://127.0.0.1:9/")
    now = timezone.now()
    outbox.claim(owner="two", now=now, limit=8)
    failed = outbox.Outcome(0.1, error="slow")
    assert outbox.mark(row.pk, failed, owner="one", now=now) == Delivery.QUEUED
    row.refresh_from_db()
    assert (row.attempts, row.lease_owner) == (0, "two")
    arrived = outbox.Outcome(0.1, answer=Answer(200, None))
    assert outbox.mark(row.pk, arrived, owner="one", now=now) == Delivery.DELIVERED
    assert outbox.mark(row.pk, failed, owner="two", now=now) == Delivery.DELIVERED


def test_a_suspended_release_keeps_its_warnings_back(sent, bank, released):
    sent(1)
    with Receiver() as receiver:
        bank.endpoint(receiver.url)
        released.state, released.suspended_reason = "suspended", "drift"
        released.save()
        assert deliver_due() == {}
        released.state = "released"
        released.save()
        assert deliver_due() == {Delivery.DELIVERED: 1}
    assert len(receiver.seen) == 1


# --- emergency stop -----------------------------------------------------------------------------------------------


def test_one_person_stops_all_sending_and_another_lifts_it(sent, bank):
    sent(1)
    first, second = make_person(Role.COORDINATOR), make_person(Role.COORDINATOR)
    with Receiver() as receiver:
        bank.endpoint(receiver.url)
        stop_sending(reason="a mass false alarm", by=first)
        stop_sending(reason="again", by=second)
        assert EmergencyStop.objects.count() == 1
        assert deliver_due() == {} and receiver.seen == []
        with pytest.raises(Exception, match="another person"):
            lift_stop(by=first)
        lift_stop(by=second)
        assert deliver_due() == {Delivery.DELIVERED: 1}
    assert set(Event.objects.filter(verb__startswith="sending.").values_list("verb", flat=True)) == {
        "sending.stopped", "sending.resumed",
    }  # fmt: skip


def test_a_stop_takes_hold_between_two_rounds(sent, bank):
    sent(20)
    coordinator = make_person(Role.COORDINATOR)
    with Receiver() as receiver:
        bank.endpoint(receiver.url)
        assert len(outbox.claim(owner="one", now=timezone.now(), limit=8)) == 8
        stop_sending(reason="stop", by=coordinator)
        assert deliver_due() == {}
    assert receiver.seen == []


@pytest.mark.parametrize("role", [Role.PARTICIPANT_OFFICER, Role.ANALYST, Role.AUDITOR, Role.MODEL_DEVELOPER])
def test_others_neither_stop_nor_replay(role, sent, bank):
    sent(1)
    person = make_person(role, institution="808")
    for act in (lambda: stop_sending(reason="x", by=person), lambda: replay(warning(1).warning_id, by=person)):
        with pytest.raises(Exception, match="takes one of these roles"):
            act()


# --- the clock ----------------------------------------------------------------------------------------------------


def test_unanswered_critical_warnings_escalate_step_by_step(sent, bank):
    [row] = sent(1)
    for seconds, level in ((30, 0), (61, 1), (70, 1), (301, 2), (1801, 3), (9999, 3)):
        escalate_unanswered(now=row.accepted_at + timedelta(seconds=seconds))
        assert WarningRecord.objects.get().escalation == level
    assert Event.objects.filter(verb="warning.escalated").count() == 3


def test_answered_and_normal_warnings_do_not_escalate(room, bank, released):
    from portal.alerts.actions.answer import answer_by_key

    send_warnings([warning(1), warning(2, severity="normal")], by=room)
    answer_by_key(bank.answer(warning(1).warning_id), by=bank.service)
    assert escalate_unanswered(now=timezone.now() + timedelta(hours=5)) == 0
