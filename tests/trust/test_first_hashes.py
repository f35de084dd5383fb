"""First hashes are in memory alone: on no disk, in no open file, at no moment, at the institution and in the room."""

import gzip
import os
import signal
import sqlite3
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.crypto.identifiers import canonical
from cleanroom.pipeline import workers
from tests.factories.attacks import Attack, Side, attack
from tests.factories.clean_room import HEADERS
from tests.factories.leaks import Scanner, spellings
from tests.factories.watching import held, watched

SECRET = bytes(range(7, 39))


@pytest.fixture
def temporary():
    """A TMPDIR with a short name: sockets of worker processes lie in it, and their paths end at 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="watched-") as folder:
        yield Path(folder)


def first_hashes(room, code, *, count=20) -> dict[str, bytes]:
    """Of accounts on both sides of the institution's transfers, spread over the whole file."""
    rows, header = room.data[code].rows["transfers"], HEADERS["transfers"]
    chosen = [rows[n * len(rows) // count] for n in range(count)]
    found = {}
    for side in ("sender", "receiver"):
        owner, account = header.index(f"{side}_institution"), header.index(f"{side}_account")
        names = [canonical("account", row[account], institution=row[owner]) for row in chosen]
        hashes = room.ring_of(code).stage1("account", names)
        found |= {f"{side} {n}": first for n, first in enumerate(hashes)}
    return found


def nowhere(name, done, done_zh, means):
    return Attack(
        name, Side.INTAKE, done, done_zh,
        outcome="nothing is found, at no stop", outcome_zh="任一時點皆未發現", means=means,
    )  # fmt: skip


@attack(
    nowhere(
        "first hashes looked for while sealing",
        "files, temporary files and open files are searched again and again while an institution seals",
        "封裝期間反覆搜尋磁碟、暫存檔與開啟中之檔案",
        "seal",
    ),
    nowhere(
        "first hashes looked for while taking in",
        "files, temporary files and open files are searched again and again while the room takes in",
        "收件期間反覆搜尋磁碟、暫存檔與開啟中之檔案",
        "take_in",
    ),
    nowhere(
        "first hashes looked for in the room's workers",
        "the same with worker processes at work",
        "多程序收件期間之同樣搜尋",
        "workers",
    ),
)
@pytest.mark.slow
def test_first_hashes_are_nowhere_while_it_runs(case, large, temporary, monkeypatch):
    room = large.room
    scanner = Scanner(first_hashes(room, "808"))
    if case.means == "workers":
        monkeypatch.setattr(workers, "SMALL_ROWS", 0)
    if case.means == "seal":
        large.send_again_from_nothing()
        leaks = watched(lambda: room.seal("808"), scanner, folders=[room.home], temporary=temporary)
        assert large.part.exists()
    else:
        leaks = watched(lambda: room.take_in("808"), scanner, folders=[room.home], temporary=temporary)
        assert room.landed()["landing.transfers"] == 4000
    assert leaks == []
    case.held()


# --- the power of the search --------------------------------------------------------------------------------------


def write_sqlite(path):
    with sqlite3.connect(path) as database:
        database.execute("create table t (body text)")
        database.execute("insert into t values (?)", ["x" * 5000 + SECRET.hex() + "y" * 5000])
    database.close()


def write_duckdb(path):
    with duckdb.connect(str(path)) as database:
        database.execute("create table t as select ? || (i % 7)::varchar as body from range(5000) r(i)", [SECRET.hex()])


def write_zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.gz", gzip.compress(b"a" * 1000 + SECRET))


PLANTED = {
    "raw": lambda path: path.write_bytes(b"..." + SECRET + b"..."),
    "hex": lambda path: path.write_text(SECRET.hex()),
    "base64 in the middle of a message": lambda path: path.write_bytes(spellings(SECRET)[1]),
    "gzip": lambda path: path.write_bytes(gzip.compress(b"." * 500 + SECRET)),
    "archive in an archive": write_zip,
    "parquet": lambda path: pq.write_table(
        pa.table({"t1": pa.array([SECRET] * 500, pa.binary(32))}), path, compression="zstd"
    ),
    "sqlite": write_sqlite,
    "duckdb": write_duckdb,
}


@pytest.mark.parametrize("form", PLANTED)
def test_what_is_planted_in_a_file_is_found(tmp_path, form):
    (tmp_path / "below").mkdir()
    PLANTED[form](tmp_path / "below" / "file")
    scanner = Scanner({"planted": SECRET})
    assert {leak.label for leak in scanner.leaks_in([tmp_path])} == {"planted"}
    assert Scanner({"another": SECRET[::-1]}).leaks_in([tmp_path]) == []


def test_a_file_that_is_gone_while_it_is_open_is_found(tmp_path):
    with (tmp_path / "spill").open("wb") as file:
        file.write(SECRET)
        file.flush()
        (tmp_path / "spill").unlink()
        assert Scanner({"planted": SECRET}).leaks_in_process(os.getpid())
    assert Scanner({"planted": SECRET}).leaks_in_process(os.getpid()) == []


def test_a_file_that_is_there_for_a_moment_is_found(tmp_path):
    """What a careless step would do: spill, and tidy up. Each lasts until it was stopped and went on twice."""

    def careless():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
        for act in (partial((tmp_path / "spill").write_bytes, SECRET), (tmp_path / "spill").unlink, int):
            signal.sigwait({signal.SIGCONT})
            signal.sigwait({signal.SIGCONT})
            act()

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    leaks = watched(careless, Scanner({"planted": SECRET}), folders=[tmp_path], temporary=temporary)
    assert {leak.label for leak in leaks} == {"planted"}
    assert not (tmp_path / "spill").exists()


def test_nothing_stands_still_for_ever_when_the_watched_process_ends_meanwhile():
    """As a fork server whose owner ended in the moment in which both were stopped."""
    reads, writes = os.pipe()
    owner = os.fork()
    if not owner:
        orphan = os.fork()
        if orphan:
            os.write(writes, orphan.to_bytes(4, "little"))
        signal.pause()
        os._exit(0)
    orphan = int.from_bytes(os.read(reads, 4), "little")
    try:
        with held(owner):
            assert comes_to(orphan, standing=True)
            os.kill(owner, signal.SIGKILL)
            os.waitpid(owner, 0)
        assert comes_to(orphan, standing=False)
    finally:
        os.kill(orphan, signal.SIGKILL)
        os.close(reads)
        os.close(writes)


def comes_to(process: int, *, standing: bool) -> bool:
    """A signal is on its way for a moment."""
    for _ in range(2000):
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        if (state == "T") == standing:
            return True
        time.sleep(0.005)
    return False
