"""The whole path of a transfer: seal, upload, verify, open, hash a second time, land. Rows per second and peak memory.

    python -m benchmarks.intake --rows 1000000 10000000 50000000 --json var/benchmarks/intake.json

Real files, keys, envelopes, object store (a local folder) and warehouse (DuckDB); only the portal is the one in memory
that the tests use, whose part is a few answers per run. Each size runs in a process of its own, so that its peak is its
own: resident memory of that process and its workers, added up, sampled twice a second. The room's half is measured
with nothing in its warehouse.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import transfers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--form", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--workdir", type=Path, help="where the files are made (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.rows[0], options.form, options.workdir)))
        return
    figures = [_in_its_own_process(rows, options.form, options.workdir) for rows in options.rows]
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1))
    Console().print(_table(figures))


def measure(rows: int, form: str, workdir: Path) -> dict:
    """Seconds per step, rows per second and bytes. Raises whatever the steps raise."""
    from cleanroom.pipeline.rehearsal.memory import PeakMemory
    from tests.factories.one_participant import one_participant

    folder = workdir / "data"
    clear = transfers.write_folder(folder, rows=rows, form=form)
    parties = one_participant(workdir / "home", code=transfers.UPLOADER, data_dir=folder)
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str):
        begin = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - begin

    with PeakMemory() as sealing:
        with timed("check, hash, seal"):
            parties.seal()
        with timed("upload"):
            parties.send()
    with PeakMemory() as intake, timed("verify, open, hash, check, land"):
        landed = parties.take_in()
    if landed != rows:
        raise SystemExit(f"{landed} rows landed of {rows}")
    return {
        "rows": rows,
        "form": form,
        "clear_bytes": clear.stat().st_size,
        "seconds": seconds,
        "peak_bytes": {"institution": sealing.peak_bytes, "room": intake.peak_bytes},
    }


def _in_its_own_process(rows: int, form: str, workdir: Path | None) -> dict:
    base = Path(tempfile.mkdtemp(prefix="intake-", dir=workdir))
    try:
        command = [sys.executable, "-m", "benchmarks.intake", "--one", "--rows", str(rows), "--form", form]
        done = subprocess.run([*command, "--workdir", str(base)], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout.splitlines()[-1])
    finally:
        shutil.rmtree(base)


def _table(figures: list[dict]) -> Table:
    table = Table(title="seal → upload → verify → open → second hash → land")
    for name in ("rows", "form", "step", "seconds", "rows/s", "peak MiB"):
        table.add_column(name, justify="left" if name in ("form", "step") else "right")
    for f in figures:
        for step, taken in f["seconds"].items():
            side = "room" if step.startswith("verify") else "institution"
            _row(table, f, step, taken, f["peak_bytes"][side])
        _row(table, f, "whole path", sum(f["seconds"].values()), max(f["peak_bytes"].values()))
        table.add_section()
    return table


def _row(table: Table, f: dict, step: str, taken: float, peak: int) -> None:
    table.add_row(
        f"{f['rows']:,}", f["form"], step, f"{taken:.1f}", f"{f['rows'] / taken:,.0f}", f"{peak / 2**20:,.0f}"
    )


if __name__ == "__main__":
    main()
