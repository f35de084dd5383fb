"""The intake as a machine: whatever is sent, ordered and broken in whatever order, all that it keeps agrees.

Submissions are good, damaged, broken by a rule of the gate, early, late, doubled, replacing; people withdraw and
release; the portal or the audit log fails in between. After every take-in ledger, rows, receipts, reports, keys and
audit log tell one story, and it is the story that a model of a few lines tells.
"""

import copy
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cleanroom.contracts.messages import SubmissionOrder
from cleanroom.errors import CleanroomError, Refusal, StoreFault
from cleanroom.stores import audit_file
from tests.factories.clean_room import CleanRoom
from tests.factories.crafted import Crafted, Workshop
from tests.factories.laws import LONG_LAW
from tests.factories.tampering import Waiting

MONTHS, QUALITIES = st.integers(1, 6), st.sampled_from(["good", "good", "good", "gate", "bytes"])
FAULTS = ["portal.report_upload", "portal.record_event", "audit", "receipt"]
ROWS = 3


class Model:
    """What must come of it. `landed`: sequence -> submission; `ended`: id -> state."""

    def __init__(self):
        self.landed: dict[int, Crafted] = {}
        self.ended: dict[str, str] = {}
        self.waiting: list[Crafted] = []
        self.answers: dict[str, str] = {}  # place -> last answer of the inbox's decision

    @property
    def live(self) -> list[Crafted]:
        return [c for c in self.landed.values() if c.submission_id not in self.ended]

    def verdict(self, crafted: Crafted, *, released: bool = False) -> str:
        following = max(self.landed, default=0) + 1
        if crafted.sequence != following:
            return "held" if crafted.sequence > following else "refused"
        if crafted.supersedes and crafted.supersedes not in {c.submission_id for c in self.live}:
            return "refused"
        if any(c.month == crafted.month and c.submission_id != crafted.supersedes for c in self.live):
            return "refused"
        if crafted.quality == "bytes":
            return "refused"
        return "quarantined" if crafted.quality == "gate" and not released else "accepted"

    def accept(self, crafted: Crafted) -> None:
        self.landed[crafted.sequence] = crafted
        self.answers[crafted.place] = "accepted"
        if crafted.supersedes:
            self.ended[crafted.supersedes] = "superseded"

    def take_in(self, withdrawn: list[Crafted], released: list[Crafted]) -> None:
        self.ended |= {c.submission_id: "withdrawn" for c in withdrawn}
        for crafted in released:
            if self.verdict(crafted, released=True) == "accepted":
                self.accept(crafted)
        for crafted in sorted(self.waiting, key=lambda c: (c.sequence, c.draw)):
            verdict = self.verdict(crafted)
            if verdict == "accepted":
                self.accept(crafted)
            elif verdict != "held":
                self.answers[crafted.place] = verdict
            if verdict != "held":
                self.waiting.remove(crafted)


class Intake(RuleBasedStateMachine):
    agreed: CleanRoom
    workshop: Workshop

    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="intake-machine-"))
        shutil.copytree(self.agreed.home, self.home / "home")
        self.room = CleanRoom(self.home / "home", copy.deepcopy(self.agreed.portal))
        self.model = Model()
        self.sent: list[Crafted] = []

    def teardown(self):
        shutil.rmtree(self.home)

    # --- what people and machines do ------------------------------------------------------------------------------

    @rule(month=MONTHS, quality=QUALITIES, ahead=st.sampled_from([1, 1, 1, 2, 0]))
    def send(self, month, quality, ahead):
        sequence = max([*self.model.landed, *(c.sequence for c in self.model.waiting)], default=0) + ahead
        self._send(max(1, sequence), month, quality)

    @rule(month=MONTHS)
    def send_two_under_one_number(self, month):
        sequence = max(self.model.landed, default=0) + 1
        self._send(sequence, month, "good")
        self._send(sequence, month, "good")

    @precondition(lambda self: self.model.landed)
    @rule(data=st.data(), quality=QUALITIES, same_month=st.booleans())
    def replace(self, data, quality, same_month):
        old = data.draw(st.sampled_from(sorted(self.model.landed.values(), key=lambda c: c.sequence)))
        month = old.month if same_month else data.draw(MONTHS)
        self._send(max(self.model.landed) + 1, month, quality, supersedes=old.submission_id)

    @rule(fault=st.none() | st.sampled_from(FAULTS))
    def take_in(self, fault):
        self._take_in(fault)

    @precondition(lambda self: self.model.live)
    @rule(data=st.data(), fault=st.none() | st.sampled_from(FAULTS))
    def withdraw(self, data, fault):
        chosen = data.draw(st.sampled_from(self.model.live))
        self._order("withdraw", chosen)
        self._take_in(fault, withdrawn=[chosen])

    @precondition(lambda self: self._quarantined())
    @rule(data=st.data(), fault=st.none() | st.sampled_from(FAULTS))
    def release(self, data, fault):
        chosen = data.draw(st.sampled_from(self._quarantined()))
        self._order("release", chosen)
        self._take_in(fault, released=[chosen])

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def all_tells_one_story(self):
        ledger = self._query("select sequence, submission_id, state from landing.submissions order by sequence")
        assert [row["sequence"] for row in ledger] == list(range(1, len(ledger) + 1)), "a gap, or a number twice"
        model = self.model
        in_order = [crafted for _, crafted in sorted(model.landed.items())]
        expected = [(c.submission_id, model.ended.get(c.submission_id, "accepted")) for c in in_order]
        assert [(row["submission_id"], row["state"]) for row in ledger] == expected
        self._rows_are_those_of_live_submissions()
        self._receipts_and_reports_agree()
        self._keys_of_what_ended_are_gone()
        self._the_log_holds()

    def _rows_are_those_of_live_submissions(self):
        landed = self._query("select submission_id, count(*) as n from landing.transfers group by submission_id")
        assert {r["submission_id"]: r["n"] for r in landed} == {c.submission_id: ROWS for c in self.model.live}

    def _receipts_and_reports_agree(self):
        ends = {c.place: self.model.ended[c.submission_id] for c in self.sent if c.submission_id in self.model.ended}
        for place, answer in self.model.answers.items():
            names = set(self.room.names(f"receipts/{place}/"))
            assert f"receipts/{place}/{answer}.json" in names
            assert (f"receipts/{place}/{ends.get(place)}.json" in names) == (place in ends)
        told = {r.submission_id: r.state for r in self.room.portal.uploads("808")}
        for crafted in self.model.landed.values():
            assert told[crafted.submission_id] == self.model.ended.get(crafted.submission_id, "accepted")

    def _keys_of_what_ended_are_gone(self):
        for crafted in self.model.landed.values():
            exists = self.room.objects.exists(f"keys/{crafted.place}.age")
            assert exists == (crafted.submission_id not in self.model.ended)

    def _the_log_holds(self):
        if self.room.settings.audit_file.exists():
            audit_file.verify(self.room.settings.audit_file)
        accepted = [e.subject for e in self.room.room_events() if e.verb == "submission.accepted"]
        assert sorted(accepted) == sorted(c.submission_id for c in self.model.landed.values())

    # --- within ---------------------------------------------------------------------------------------------------

    def _send(self, sequence, month, quality, supersedes=None):
        crafted = self.workshop.send(self.room, sequence=sequence, month=month, quality=quality, supersedes=supersedes)
        self.model.waiting.append(crafted)
        self.sent.append(crafted)

    def _quarantined(self):
        return [c for c in self.sent if self.model.answers.get(c.place) == "quarantined"]

    def _order(self, kind, crafted):
        order = SubmissionOrder(
            order_id=f"o{len(self.room.portal.ordered)}", kind=kind, submission_id=crafted.submission_id,
            participant="808", dataset="transfers", sequence=crafted.sequence, reason="agreed",
            ordered_by="steward", approved_by="custodian", approved_at=datetime.now(UTC),
        )  # fmt: skip
        self.room.portal.ordered.append(order)

    def _take_in(self, fault, *, withdrawn=(), released=()):
        """With a fault first, where there is one, and then without: the end is the same."""
        if fault:
            with _broken(self.room, fault), suppress(CleanroomError):
                self.room.take_in("808")
        with suppress(Refusal):
            self.room.take_in("808")
        self.room.portal.ordered.clear()
        self.model.take_in(list(withdrawn), list(released))

    def _query(self, sql):
        with self.room.opened() as opened:
            opened.warehouse.ensure_tables()
            return opened.warehouse.query(sql).to_pylist()


class _broken:
    """One thing fails, from its second use on, while the block lasts."""

    def __init__(self, room: CleanRoom, fault: str):
        self._room, self._fault, self._patch = room, fault, pytest.MonkeyPatch()

    def __enter__(self):
        if self._fault.startswith("portal."):
            self._room.portal.down.add(self._fault.partition(".")[2])
        elif self._fault == "audit":
            self._patch.setattr(audit_file.AuditFile, "append", _failing(audit_file.AuditFile.append))
        else:
            store = type(self._room.objects)
            self._patch.setattr(store, "put_bytes", _failing(store.put_bytes))

    def __exit__(self, *_):
        self._room.portal.down.clear()
        self._patch.undo()


def _failing(original):
    calls = []

    def call(*arguments, **named):
        calls.append(1)
        if len(calls) > 1:
            raise StoreFault("no space is left")
        return original(*arguments, **named)

    return call


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_intake_always_tells_one_story(agreed, sealed_once):
    workshop = Workshop.of(Waiting(sealed_once, "808", "transfers"))
    machine = type("Machine", (Intake,), {"agreed": agreed, "workshop": workshop})
    run_state_machine_as_test(machine, settings=LONG_LAW)
