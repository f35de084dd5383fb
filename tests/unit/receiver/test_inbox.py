"""What was stored is there after a crash; the same again changes nothing."""

import sqlite3
import stat
from datetime import UTC, datetime

import pytest

from cleanroom.contracts.canonical import ANSWER_DOMAIN, canonical_bytes
from cleanroom.crypto.signing import verify
from cleanroom.errors import ContentTampered, StoreFault
from cleanroom.receiver.answering import signed_answer
from cleanroom.receiver.deciding import decide, load_rules
from cleanroom.receiver.inbox import FILE_NAME, Inbox
from cleanroom.receiver.opening import open_warning

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def inbox(tmp_path):
    box = Inbox(tmp_path / "inbox")
    yield box
    box.close()


@pytest.fixture
def opened(sender, room_key):
    return open_warning(sender.warning(), ring=sender.ring, room_key=room_key)


def test_the_file_is_for_its_owner_alone(inbox, tmp_path):
    assert stat.S_IMODE((tmp_path / "inbox").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "inbox" / FILE_NAME).stat().st_mode) == 0o600


def test_the_same_delivery_is_stored_once(inbox, opened):
    assert inbox.store(opened, webhook_id="w1") is True
    assert inbox.store(opened, webhook_id="w1") is False
    assert inbox.store(opened, webhook_id=None, way="pull") is False
    assert inbox.counts() == {"warnings": 1, "pending": 0, "sent": 0, "refused": 0}


def test_the_same_number_with_other_content_is_refused(inbox, opened, sender, room_key):
    inbox.store(opened, webhook_id="w1")
    other = open_warning(sender.warning(score=0.1), ring=sender.ring, room_key=room_key)
    with pytest.raises(ContentTampered, match="other content"):
        inbox.store(other, webhook_id="w1")


def test_an_answer_is_written_down_before_it_is_sent_and_stays_the_same(inbox, opened, sender, tmp_path):
    inbox.store(opened, webhook_id="w1")
    [stored] = inbox.without_answer()
    rule = decide(load_rules(), stored.message, stored.body)
    answer = signed_answer(stored, rule, ring=sender.ring, now=NOW)
    inbox.add_answer(answer)
    assert inbox.without_answer() == []
    again = Inbox(tmp_path / "inbox")  # as after a crash
    assert again.pending_answers() == [answer]
    again.mark_answer(answer, state="sent")
    assert again.pending_answers() == [] and inbox.counts()["sent"] == 1
    again.close()


def test_the_answers_signature_is_the_institutions(inbox, opened, sender):
    inbox.store(opened, webhook_id="w1")
    [stored] = inbox.without_answer()
    answer = signed_answer(stored, load_rules()[-1], ring=sender.ring, now=NOW)
    payload = canonical_bytes(answer.model_dump(mode="json", exclude={"signature"}))
    verify(sender.ring.signing_public_key, ANSWER_DOMAIN, payload, answer.signature)


def test_marks_are_replaced(inbox):
    assert inbox.mark("cursor") is None
    inbox.set_mark("cursor", "1")
    inbox.set_mark("cursor", "2")
    assert inbox.mark("cursor") == "2"


def test_a_disk_that_does_not_take_it_is_a_fault(inbox, opened, tmp_path):
    with sqlite3.connect(tmp_path / "inbox" / FILE_NAME) as other:
        other.execute("drop table deliveries")
    with pytest.raises(StoreFault):
        inbox.store(opened, webhook_id="w1")
    assert inbox.counts()["warnings"] == 0, "nothing half-written"
