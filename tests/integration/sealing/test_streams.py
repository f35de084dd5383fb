"""A large file is checked and sealed batch by batch: the same report, the same rows, nothing half-done."""

import json
from contextlib import suppress
from functools import partial
from itertools import islice

import psutil
import pyarrow as pa
import pytest

from cleanroom import errors
from cleanroom.pipeline import sealing, workers
from cleanroom.pipeline.sealing import batch_work, checking
from cleanroom.sealing import csv_files
from cleanroom.sealing.batches import rebatched
from tests.factories.clean_room import HEADERS

ROWS, BATCH = 60, 7


@pytest.fixture
def in_batches(clean_room, monkeypatch):
    """822 has 60 transfers alone, read seven at a time, in this process."""
    data = clean_room.data["822"]
    model = data.rows["transfers"][0]
    data.rows = {"transfers": [[f"822-{n:06d}", *model[1:]] for n in range(1, ROWS + 1)]}
    data.write()
    cut(monkeypatch, BATCH)
    monkeypatch.setattr(workers, "_cores", lambda: 1)
    return clean_room


def cut(monkeypatch, rows):
    monkeypatch.setattr(csv_files, "rebatched", partial(rebatched, rows=rows))


def change(room, *changes):
    rows = room.data["822"].rows["transfers"]
    for number, column, value in changes:
        rows[number - 1][HEADERS["transfers"].index(column)] = value
    room.data["822"].write()


def report(room):
    return json.loads((room.data["822"].folder / "transfers.csv.errors.json").read_text())


def outbox(room):
    """Files below the outbox, the lock apart."""
    return [p for p in room.participant("822").outbox_dir.rglob("*") if p.is_file() and p.name != ".lock"]


def parts_sealed(monkeypatch):
    seen, original = [], batch_work.write_part

    def write(folder, index, *rest):
        seen.append(index)
        return original(folder, index, *rest)

    monkeypatch.setattr(batch_work, "write_part", write)
    return seen


def test_every_batch_becomes_a_part_and_every_row_lands_once(in_batches):
    assert in_batches.seal("822").rows == ROWS
    [manifest] = [p for p in outbox(in_batches) if p.name == "manifest.json"]
    parts = json.loads(manifest.read_text())["manifest"]["parts"]
    assert [p["rows"] for p in parts] == [7] * 8 + [4]
    in_batches.take_in("822")
    with in_batches.opened() as room:
        landed = room.warehouse.query("select row_number, txn_id from landing.transfers order by row_number")
    assert landed["row_number"].to_pylist() == list(range(1, ROWS + 1))
    assert landed["txn_id"].to_pylist() == [f"822-{n:06d}" for n in range(1, ROWS + 1)]


FAULTS = [
    [(3, "amount_twd", "free"), (31, "amount_twd", "free"), (60, "amount_twd", "dear"), (31, "sender_account", "1")],
    [(8, "receiver_institution", "998"), (41, "txn_id", "")],
    [(5, "txn_id", "twice"), (55, "txn_id", "twice"), (20, "executed_at", "2025-06-01T00:00:00+08:00")],
    [(50, "sender_institution", "808"), (50, "receiver_institution", "700")],
]


@pytest.mark.parametrize("faults", FAULTS, ids=["values", "institutions and values", "gate", "owner"])
def test_the_report_does_not_depend_on_the_batches(in_batches, monkeypatch, faults):
    change(in_batches, *faults)
    reports, sentences = [], []
    for rows in (BATCH, 25, ROWS):
        cut(monkeypatch, rows)
        with pytest.raises(errors.Refusal) as caught:
            in_batches.seal("822")
        sentences.append((type(caught.value), str(caught.value)))
        reports.append({(r["rule"], r["column"]): r for r in report(in_batches)["rules"]})
        assert outbox(in_batches) == []
    assert reports[0] == reports[1] == reports[2] != {}
    assert len(set(sentences)) == 1
    rows_told = {n for r in reports[0].values() for n in r["row_numbers"]}
    assert {n for n, _, _ in faults} <= rows_told


def test_after_the_first_failure_all_is_checked_and_nothing_more_is_sealed(in_batches, monkeypatch):
    change(in_batches, (10, "amount_twd", "free"), (59, "channel", "pigeon"))
    sealed = parts_sealed(monkeypatch)
    with pytest.raises(errors.MalformedRows):
        in_batches.seal("822")
    assert sealed == [0]
    assert {r["rule"] for r in report(in_batches)["rules"]} == {"decimal_form", "one_of"}
    assert report(in_batches)["rows"] == ROWS


def test_a_repeated_number_is_found_across_batches_and_no_digest_stays(in_batches):
    change(in_batches, (2, "txn_id", "822-000058"))
    with pytest.raises(errors.QualityGateFailed):
        in_batches.seal("822")
    [told] = [r for r in report(in_batches)["rules"] if r["rule"] == "txn_id.unique"]
    assert (told["failed_rows"], told["row_numbers"]) == (2, [2, 58])
    assert outbox(in_batches) == []


def test_a_file_that_breaks_off_later_keeps_what_was_found_before(in_batches, monkeypatch):
    def breaking(batches):
        yield from islice(rebatched(batches, rows=BATCH), 3)
        raise pa.ArrowInvalid("straddling object")

    change(in_batches, (4, "amount_twd", "free"))
    monkeypatch.setattr(csv_files, "rebatched", breaking)
    with pytest.raises(errors.MalformedRows) as caught:
        in_batches.seal("822")
    assert caught.value.rule == "csv_form"
    assert [r["rule"] for r in report(in_batches)["rules"]] == ["decimal_form", "csv_form"]
    assert outbox(in_batches) == []


def test_progress_is_told_in_rows(in_batches):
    told = []
    sealing.check_folder(in_batches.participant("822"), portal=in_batches.portal, progress=told.append)
    assert [p.done for p in told] == [7, 14, 21, 28, 35, 42, 49, 56, 60]
    assert {(p.step, p.dataset, p.unit) for p in told} == {("check", "transfers", "rows")}
    assert told[-1].total >= ROWS
    assert outbox(in_batches) == []


def test_a_check_leaves_nothing_but_the_report(in_batches):
    change(in_batches, (4, "amount_twd", "free"))
    with pytest.raises(errors.MalformedRows):
        sealing.check_folder(in_batches.participant("822"), portal=in_batches.portal)
    assert outbox(in_batches) == []
    assert in_batches.names("") == []
    assert report(in_batches)["rows"] == ROWS


def test_a_submission_that_waited_too_long_at_home_is_sealed_anew(in_batches, monkeypatch):
    settings, keep = in_batches.participant("822"), {"portal": in_batches.portal, "objects": in_batches.objects}
    sealing.seal_folder(settings, **keep)
    [first] = [p.read_bytes() for p in outbox(in_batches) if p.name == "manifest.json"]
    sealing.seal_folder(settings, **keep)
    assert [p.read_bytes() for p in outbox(in_batches) if p.name == "manifest.json"] == [first]
    monkeypatch.setattr("cleanroom.pipeline.sealing.submitting._UNSENT_DAYS", 0)
    sealing.seal_folder(settings, **keep)
    [second] = [p.read_bytes() for p in outbox(in_batches) if p.name == "manifest.json"]
    assert json.loads(second)["manifest"]["key"] != json.loads(first)["manifest"]["key"]
    assert sealing.send_sealed(settings, **keep).detail["uploaded"] == 1
    sealing.seal_folder(settings, **keep)  # what was sent waits for the room, however old
    assert [p.read_bytes() for p in outbox(in_batches) if p.name == "manifest.json"] == [second]


def test_days_that_were_accepted_are_replaced_only_when_asked(in_batches):
    settings, keep = in_batches.participant("822"), {"portal": in_batches.portal, "objects": in_batches.objects}
    with pytest.raises(errors.NothingToDo, match="no submission of transfers was accepted"):
        sealing.seal_and_upload(settings, **keep, supersede=["transfers"])
    in_batches.seal("822")
    in_batches.take_in("822")
    change(in_batches, (1, "amount_twd", "5"))
    with pytest.raises(errors.SequenceReplayed, match="--supersede transfers") as caught:
        in_batches.seal("822")
    assert caught.value.rule == "period_overlap"
    assert "2025-04-01 to 2025-04-30" in str(caught.value)
    for uploaded in (1, 0):
        done = sealing.seal_and_upload(settings, **keep, supersede=["transfers"])
        assert done.detail["uploaded"] == uploaded
    in_batches.take_in("822")
    assert in_batches.landed()["landing.transfers"] == ROWS


def test_a_dataset_that_is_not_in_the_folder_cannot_replace_anything(in_batches):
    settings, keep = in_batches.participant("822"), {"portal": in_batches.portal, "objects": in_batches.objects}
    with pytest.raises(errors.NothingToDo, match="accounts is to be replaced"):
        sealing.seal_and_upload(settings, **keep, supersede=["accounts"])


# --- by several processes -------------------------------------------------------------------------------------------


@pytest.fixture
def by_workers(in_batches, monkeypatch):
    monkeypatch.setattr(workers, "_cores", lambda: 2)
    return in_batches


@pytest.mark.slow
def test_workers_seal_what_one_process_seals(by_workers):
    assert by_workers.seal("822").rows == ROWS
    by_workers.take_in("822")
    with by_workers.opened() as room:
        landed = room.warehouse.query("select txn_id from landing.transfers order by row_number")
    assert landed["txn_id"].to_pylist() == [f"822-{n:06d}" for n in range(1, ROWS + 1)]


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_nothing_and_the_next_run_succeeds(by_workers):
    def kill_one(_):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # one that was killed a moment ago
                if not child.children() and child.ppid() != psutil.Process().pid:
                    child.kill()

    settings, keep = by_workers.participant("822"), {"portal": by_workers.portal, "objects": by_workers.objects}
    with pytest.raises(errors.ServiceFault, match="worker process ended"):
        sealing.seal_folder(settings, **keep, progress=kill_one)
    assert outbox(by_workers) == []
    assert sealing.seal_folder(settings, **keep).detail["sealed"] == 1


def test_a_query_must_answer_the_same_twice(in_batches, monkeypatch):
    """What is remembered of a query is a digest of its rows; the rows that are sealed must be those."""
    monkeypatch.setattr(checking._Run, "content", "0" * 64)
    with pytest.raises(errors.MalformedRows, match="asked again") as caught:
        in_batches.seal("822")
    assert (caught.value.rule, caught.value.where.file) == ("file_changed", "transfers.csv")
    assert outbox(in_batches) == []
