"""The institution's program, whole: request in, stored, acknowledged, answered; killed and started again."""

import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from cleanroom.contracts.messages import AnswerMessage
from cleanroom.errors import KeyRefused, PortalFault, SettingsInvalid
from cleanroom.vocabulary.terms import AnswerKind
from tests.factories.sealed_warnings import ACCOUNT
from tests.integration.receiver.conftest import wait_for


def inbox_rows(program, sql: str) -> list[tuple]:
    with sqlite3.connect(program.sender.home / "inbox" / "warnings.sqlite") as db:
        return db.execute(sql).fetchall()


def test_a_warning_is_stored_acknowledged_and_answered(program):
    url = program.start()
    response = program.deliver(url, program.sender.warning())
    assert (response.status_code, response.json()) == (200, {"stored": True, "new": True})
    wait_for(lambda: program.portal.answers)
    [answer] = program.portal.answers
    assert (answer.answer, answer.action, answer.held_cents) == (AnswerKind.CONTROLLED, "hold", 120_000)
    assert inbox_rows(program, "select account from warnings") == [(ACCOUNT,)]
    wait_for(lambda: inbox_rows(program, "select state from answers") == [("sent",)])
    assert program.stop() == 0


def test_it_listens_on_loopback_alone(program):
    port = urlsplit(program.start()).port
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {columns[1].split(":")[0] for columns in listening if columns[1].endswith(f":{port:04X}")}
    assert addresses == {"0100007F"}, "127.0.0.1, as the kernel writes it"


def test_the_same_warning_again_is_answered_once(program):
    url, message = program.start(), program.sender.warning()
    answers = [program.deliver(url, message).json()["new"] for _ in range(3)]
    assert answers == [True, False, False]
    wait_for(lambda: program.portal.answers)
    program.deliver(url, program.sender.warning(2))
    wait_for(lambda: len(program.portal.answers) == 2)
    assert [a.warning_id for a in program.portal.answers] == [f"{n:032x}" for n in (1, 2)]


def test_killed_between_store_and_answer_it_answers_exactly_once(program):
    url = program.start()
    program.portal.down = True
    for number in (1, 2, 3):
        assert program.deliver(url, program.sender.warning(number)).status_code == 200
    wait_for(lambda: any(call.endswith("/answers") for call in program.portal.calls))
    program.kill()
    assert program.portal.answers == []
    assert inbox_rows(program, "select count(*) from warnings") == [(3,)]
    program.portal.down = False
    program.start()
    wait_for(lambda: len(program.portal.answers) == 3)
    wait_for(lambda: inbox_rows(program, "select distinct state from answers") == [("sent",)])
    program.stop()
    assert sorted(a.warning_id for a in program.portal.answers) == [f"{n:032x}" for n in (1, 2, 3)]


def test_killed_before_it_decided_it_decides_after_the_restart(program):
    url = program.start()
    program.deliver(url, program.sender.warning())
    wait_for(lambda: program.portal.answers)
    program.kill()
    with sqlite3.connect(program.sender.home / "inbox" / "warnings.sqlite") as db:
        db.execute("delete from answers")  # as if it had died right after the acknowledgement
    program.portal.answers.clear()
    program.start()
    wait_for(lambda: len(program.portal.answers) == 1)


def test_an_answer_whose_acknowledgement_was_lost_is_sent_again_byte_for_byte(program):
    url = program.start()
    program.deliver(url, program.sender.warning())
    wait_for(lambda: inbox_rows(program, "select state from answers") == [("sent",)])
    program.kill()
    with sqlite3.connect(program.sender.home / "inbox" / "warnings.sqlite") as db:
        db.execute("update answers set state = 'pending'")
    program.start()
    wait_for(lambda: len(program.portal.answers) == 2)
    first, second = program.portal.answers
    assert first == second, "the portal can recognise it"


def test_an_answer_that_the_portal_refuses_is_kept_for_a_person(program):
    url = program.start()
    program.portal.refuse = True
    program.deliver(url, program.sender.warning())
    wait_for(lambda: inbox_rows(program, "select state, detail from answers") == [("refused", "answered on the page")])
    program.stop()
    program.portal.refuse = False
    assert "answered 0" in program.run("--pull").stdout, "not by itself"
    assert "answered 1" in program.run("--pull", "--resend-refused").stdout


@pytest.mark.parametrize("spoil, status, reason", [
    (lambda h, b: ({**h, "webhook-signature": "v1a,AAAA"}, b), 401, "signature_refused"),
    (lambda h, b: ({**h, "webhook-timestamp": "1000"}, b), 401, "signature_refused"),
    (lambda h, b: (h, b + b" "), 401, "signature_refused"),
    (lambda h, b: ({}, b), 401, "signature_refused"),
    (lambda h, b: (h, b"x" * 600_000), 413, "too_large"),
])  # fmt: skip
def test_a_doubtful_request_is_refused_and_not_stored(program, spoil, status, reason):
    url = program.start()
    headers, body = spoil(*program.sender.request(program.sender.warning()))
    try:
        response = httpx.post(url, content=body, headers=headers, timeout=20, trust_env=False)
    except httpx.WriteError:  # it hung up on the large one before all was sent
        assert status == 413
    else:
        assert response.status_code == status
        assert response.json()["reason"] == reason
    assert inbox_rows(program, "select count(*) from warnings") == [(0,)]


def test_a_warning_for_another_institution_is_refused(program):
    url = program.start()
    response = program.deliver(url, program.sender.warning(institution="822"))
    assert (response.status_code, response.json()["reason"]) == (403, "not_the_owner")


def test_an_id_that_is_not_the_warnings_is_refused(program):
    url = program.start()
    message = program.sender.warning()
    body = program.sender.request(message)[1]
    response = httpx.post(url, content=body, headers=program.sender.headers("other", body), trust_env=False, timeout=60)
    assert response.status_code == 422


def test_health_says_what_waits_and_nothing_else_is_there(program):
    url = program.start()
    address = url.removesuffix("/warnings")
    health = httpx.get(f"{address}/health", trust_env=False, timeout=60).json()
    assert health == {"status": "ok", "warnings": 0, "pending": 0, "sent": 0, "refused": 0}
    assert httpx.get(url, trust_env=False, timeout=60).status_code == 404
    assert httpx.post(f"{address}/other", content=b"", trust_env=False, timeout=60).status_code == 404


def test_pulling_fetches_pages_answers_and_remembers_where_it_was(program):
    program.portal.waiting = [program.sender.warning(n) for n in range(1, 6)]
    program.portal.waiting[2] = program.portal.waiting[2].model_copy(update={"sealed_body": "AAAA"})
    done = program.run("--pull")
    assert done.returncode == 0, done.stderr
    assert "pulled 4 new warnings, answered 4" in done.stdout
    assert "refused" in done.stderr, "the one that does not open is said"
    before = len(program.portal.calls)
    assert "pulled 0 new warnings, answered 0" in program.run("--pull").stdout
    assert [c for c in program.portal.calls[before:] if c.endswith("/warnings")] == ["GET /warnings"]
    assert len(program.portal.answers) == 4


def test_a_changed_room_key_needs_a_person(program):
    program.start()
    program.stop()
    gate = program.portal.gate
    program.portal.gate = gate.model_copy(
        update={"room_signing_kid": "0" * 16, "room_signing_key": program.sender.webhook_key}
    )
    url = program.start()
    assert program.deliver(url, program.sender.warning()).status_code == 200, "the pinned key still counts"
    program.stop()
    assert program.run("--pull", "--trust-room-key", "1" * 16).returncode == KeyRefused.exit_code
    assert program.run("--pull", "--trust-room-key", "0" * 16).returncode == 0


def test_a_portal_that_is_down_at_the_first_start_is_a_fault(program):
    program.portal.down = True
    assert program.run().returncode == PortalFault.exit_code


def test_a_token_that_others_may_read_is_refused(program):
    (program.sender.home / "portal.token").chmod(0o644)
    done = program.run()
    assert done.returncode == SettingsInvalid.exit_code
    assert "chmod 600" in done.stderr


def test_no_account_and_no_key_stands_in_its_log(program):
    url = program.start()
    program.deliver(url, program.sender.warning())
    program.deliver(url, program.sender.warning(institution="822"))
    wait_for(lambda: program.portal.answers)
    process = program.running.pop()
    process.terminate()
    said = "".join(process.communicate(timeout=20))
    assert "refused" in said
    for secret in (ACCOUNT, ACCOUNT[3:], program.sender.ring.recipient, "AGE-SECRET"):
        assert secret not in said


def test_answers_are_the_messages_that_were_agreed(program):
    url = program.start()
    program.deliver(url, program.sender.warning())
    wait_for(lambda: program.portal.answers)
    [answer] = program.portal.answers
    assert isinstance(answer, AnswerMessage)
    assert "account" not in answer.reason and ACCOUNT[3:] not in answer.model_dump_json()
