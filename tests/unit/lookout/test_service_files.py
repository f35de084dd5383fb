"""What the service leaves on disk: batches, receipts, the access log. Killed anywhere, nothing is lost or doubled."""

import os
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.errors import MalformedRows, NotFound, SettingsInvalid, StoreFault
from cleanroom.lookout.service import access, access_chain, batches, spool
from cleanroom.lookout.service.access import Notes, access_key, digest
from cleanroom.lookout.service.folders import Folders
from cleanroom.lookout.service.syncing import sync
from cleanroom.stores.audit_parts import AuditParts
from tests.factories.killing import KILLED, killed_at
from tests.factories.lookout_service import chain_of, table_of, token

CHAIN = "cleanroom.lookout.service.access_chain"


@pytest.fixture
def folders(tmp_path):
    made = Folders(tmp_path / "lookout")
    made.make()
    access.make_key(made.access_key)
    return made


def handed_in(folders, content: bytes, form: str = "arrow") -> spool.Receipt:
    with spool.Draft(folders) as draft:
        draft.write(content)
        draft.complete()
        return draft.hand_in(form)


# --- batches ------------------------------------------------------------------------------------------------------


def test_a_batch_waits_under_a_receipt_that_its_content_gives(folders):
    first, again = handed_in(folders, b"one"), handed_in(folders, b"one")
    other = handed_in(folders, b"two")
    assert first == again
    assert first.standing == "waiting"
    assert [batch.receipt for batch in spool.waiting(folders)] == [first.receipt, other.receipt]
    assert spool.receipt_of(folders, other.receipt) == other


def test_a_draft_that_is_given_up_leaves_nothing(folders):
    with spool.Draft(folders) as draft:
        draft.write(b"half")
    assert not list(folders.incoming.iterdir())


def test_a_settled_batch_is_not_taken_again_and_a_refused_one_may_be(folders):
    one, two = handed_in(folders, b"one"), handed_in(folders, b"two")
    first, second = spool.waiting(folders)
    spool.settle(folders, first, rows=5, state=7)
    spool.refuse(folders, second, MalformedRows("it is not a table"))
    assert not spool.waiting(folders)
    assert spool.receipt_of(folders, one.receipt) == spool.Receipt(one.receipt, "applied", rows=5, state=7)
    assert spool.receipt_of(folders, two.receipt).sentence == "it is not a table"
    assert {path.suffix for path in folders.refused.iterdir()} == {".arrow", ".json"}
    assert handed_in(folders, b"one").standing == "applied"
    assert handed_in(folders, b"two").standing == "waiting"
    assert len(spool.waiting(folders)) == 1


@pytest.mark.parametrize("receipt", ["", "..", "../clients", "0" * 31, "0" * 32, "G" * 32])
def test_an_unknown_receipt_is_not_found(folders, receipt):
    with pytest.raises(NotFound):
        spool.receipt_of(folders, receipt)


def test_old_receipts_and_given_up_drafts_go(folders):
    spool.settle(folders, batch_of(folders), rows=1, state=1)
    (folders.incoming / ".1-2-aa.part").write_bytes(b"x")
    assert list(spool.strangers(folders, older_than_s=60)) == []
    assert len(list(spool.strangers(folders, older_than_s=-1))) == 1
    assert spool.forget_receipts(folders, older_than_s=60) == 0
    assert spool.forget_receipts(folders, older_than_s=-1) == 1


def batch_of(folders):
    handed_in(folders, b"some")
    return spool.waiting(folders)[0]


# --- tables -------------------------------------------------------------------------------------------------------


def arrow_file(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def hexed(table: pa.Table) -> pa.Table:
    for place, name in enumerate(table.column_names):
        if table.schema.field(name).type == pa.binary(16):
            table = table.set_column(place, name, pa.array([v.hex() for v in table.column(name).to_pylist()]))
    return table


@pytest.mark.parametrize("make", [batches.as_stream, arrow_file, parquet])
@pytest.mark.parametrize("shape", [lambda t: t, hexed])
def test_every_form_of_a_batch_is_read_the_same(tmp_path, make, shape):
    table, path = table_of(chain_of(5)), tmp_path / "batch"
    path.write_bytes(make(shape(table)))
    form = "parquet" if make is parquet else "arrow"
    batches.check_form(path, form)
    (piece,) = batches.pieces(path, form)
    assert piece.equals(table)


def without_zone(table):
    return table.set_column(1, "executed_at", table.column("executed_at").cast(pa.timestamp("ms")))


def test_a_time_without_zone_is_utc():
    table = table_of(chain_of(3))
    assert batches.checked(without_zone(table)).equals(table)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda t: t.drop_columns(["executed_at"]), "executed_at"),
        (lambda t: t.set_column(4, "amount_cents", pa.array([1, 0, -5])), "2 rows have an amount_cents below 1"),
        (lambda t: t.set_column(4, "amount_cents", pa.array([1, None, 5])), "1 rows have no amount_cents"),
        (lambda t: t.set_column(4, "amount_cents", pa.array([1.0, 2.0, 3.0])), "integer"),
        (lambda t: t.set_column(0, "transfer_id", pa.array(["G" * 32] * 3)), "hex"),
        (lambda t: t.set_column(0, "transfer_id", pa.array(["0" * 30] * 3)), "hex"),
        (lambda t: t.set_column(1, "executed_at", pa.array([1, 2, 3])), "timestamp"),
    ],
)
def test_a_table_that_cannot_be_transfers_is_refused(spoil, said):
    with pytest.raises(MalformedRows, match=said):
        batches.checked(spoil(table_of(chain_of(3))))


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_bytes_that_are_no_table_are_refused(tmp_path, form):
    path = tmp_path / "batch"
    for content in (b"", b"ARROW1", os.urandom(500), batches.as_stream(table_of(chain_of(3)))[:-40]):
        path.write_bytes(content)
        with pytest.raises(MalformedRows):
            list(batches.pieces(path, form))


PART = 1 << 20


# --- the access log -----------------------------------------------------------------------------------------------


def noted(folders, count: int, *, roll: bool = True) -> Notes:
    notes = Notes(folders)
    for number in range(count):
        notes.write(actor="desk", verb="lookout.expand", accounts=[token("A")], detail={"results": number})
    if roll:
        notes.roll(now=True)
    return notes


def test_the_log_holds_who_asked_what_and_no_token(folders):
    noted(folders, 2)
    assert access_chain.chain(folders, part_bytes=PART) == 2
    first, second = AuditParts(folders.access_log).events()
    assert (first.actor, first.verb, first.detail["results"], second.detail["results"]) == (
        "desk",
        "lookout.expand",
        0,
        1,
    )
    assert first.subject == second.subject == digest(access_key(folders.access_key), token("A"))
    assert token("A") not in "".join(part.read_text() for part in folders.access_log.iterdir())
    assert AuditParts(folders.access_log).verify()[1].sequence == 2
    assert access_chain.chain(folders, part_bytes=PART) == 0
    assert not list(folders.access.iterdir())


def test_lines_of_a_worker_that_lives_wait_and_of_one_that_died_do_not(folders):
    notes = noted(folders, 1, roll=False)
    assert access_chain.chain(folders, part_bytes=PART) == 0
    os.close(notes._file)  # what its death would do
    assert access_chain.chain(folders, part_bytes=PART) == 1


def test_a_line_that_was_cut_off_was_never_answered(folders):
    noted(folders, 3)
    (path,) = folders.access.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert access_chain.chain(folders, part_bytes=PART) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_keeper_chains_each_line_once(folders, when):
    noted(folders, 3)
    time.sleep(0.001)
    noted(folders, 2)
    point = "cleanroom.stores.audit_file:AuditFile.append_all"
    assert killed_at(point, lambda: access_chain.chain(folders, part_bytes=PART), call=2, when=when) == KILLED
    access_chain.chain(folders, part_bytes=PART)
    found = [event.detail["results"] for event in AuditParts(folders.access_log).events()]
    assert found == [0, 1, 2, 0, 1]
    assert AuditParts(folders.access_log).verify()[1].sequence == 5


def test_half_chained_lines_go_on_where_the_log_ends(folders):
    noted(folders, 4)
    (path,) = folders.access.iterdir()
    events = access_chain._events(path)
    AuditParts(folders.access_log).append_all(events[:3], part_bytes=PART)
    assert access_chain.chain(folders, part_bytes=PART) == 1
    assert [event.detail["line"] for event in AuditParts(folders.access_log).events()] == [1, 2, 3, 4]


def test_what_cannot_be_written_down_is_a_fault(folders):
    notes = Notes(folders)
    folders.access.rmdir()
    with pytest.raises(StoreFault) as fault:
        notes.write(actor="desk", verb="lookout.expand", accounts=[token("A")], detail={})
    assert fault.value.rule == "access_log"


def test_the_key_of_the_log_is_its_owners_alone(folders):
    folders.access_key.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        Notes(folders)
    folders.access_key.unlink()
    with pytest.raises(SettingsInvalid, match="init"):
        Notes(folders)


# --- what the line published --------------------------------------------------------------------------------------


def test_the_same_publication_again_is_nothing_new(folders, tmp_path):
    published = tmp_path / "graph"
    published.mkdir()
    assert sync(published, folders) == []
    pq.write_table(table_of(chain_of(3)), published / "transfers.parquet")
    (published / "listings.parquet").write_bytes(b"listings")
    (published / "ties.parquet").write_bytes(b"ties")
    assert sync(published, folders) == ["transfers.parquet", "listings.parquet", "ties.parquet"]
    assert (folders.listings.read_bytes(), folders.ties.read_bytes()) == (b"listings", b"ties")
    assert sync(published, folders) == []
    for path in published.iterdir():  # written again, with the same content
        path.write_bytes(path.read_bytes())
        os.utime(path, (1, 1))
    assert sync(published, folders) == []
    assert len(spool.waiting(folders)) == 1
