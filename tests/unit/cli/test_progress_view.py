"""Progress: bars on a terminal, now and then a line elsewhere, nothing where JSON is asked for."""

import io

import pytest
from rich.console import Console

from cleanroom.cli.progress_view import EVERY_S, line_of, shown
from cleanroom.pipeline.progress import Progress


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")


def rows(done, total=1_000_000, dataset="transfers"):
    return Progress("seal", dataset, done, total, "rows")


def told(reports, *, step_s, terminal=False, quiet=False):
    file, times = io.StringIO(), iter(range(0, 10_000, step_s))
    console = Console(file=file, force_terminal=terminal, width=120)
    with shown(console, quiet=quiet, clock=lambda: float(next(times))) as progress:
        for report in reports:
            progress(report)
    return file.getvalue()


def test_a_line_tells_rate_and_what_is_left():
    assert line_of(rows(250_000), 50_000) == "seal transfers: 250,000 rows / 1,000,000 rows, 50,000 rows/s, 15 s left"
    assert line_of(rows(250_000, None), 0) == "seal transfers: 250,000 rows"
    sent = Progress("send", "accounts", 3 * 1024**2, 4 * 1024**2, "bytes")
    assert line_of(sent, 1024**2) == "send accounts: 3.0 MiB / 4.0 MiB, 1.0 MiB/s, 1 s left"


def test_lines_come_now_and_then_and_at_the_end():
    lines = told([rows(n) for n in range(0, 1_000_001, 10_000)], step_s=1).splitlines()
    assert lines[0].startswith("seal transfers: 0 rows")
    assert lines[-1].startswith("seal transfers: 1,000,000 rows / 1,000,000 rows, 10,000 rows/s")
    assert len(lines) == pytest.approx(100 / EVERY_S + 1, abs=1)


def test_each_dataset_has_its_own_lines():
    said = told([rows(5, 5), rows(7, 7, "accounts")], step_s=1)
    assert "seal transfers: 5 rows" in said
    assert "seal accounts: 7 rows" in said


def test_nothing_is_said_beside_json():
    assert told([rows(5, 5)], step_s=1, quiet=True) == ""


def test_a_terminal_has_bars():
    said = told([rows(0), rows(500_000), rows(1_000_000)], step_s=1, terminal=True)
    assert "seal transfers" in said
    assert "1000000/1000000" in said
    sent = [Progress("send", "transfers", n * 1024**2, 2 * 1024**2, "bytes") for n in range(3)]
    assert "2.0/2.0 MiB" in told(sent, step_s=1, terminal=True)
