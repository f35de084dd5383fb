"""The whole path of a transfer: seal, upload, verify, open, hash a second time, land. Rows per second and peak memory.

    python -m benchmarks.intake --rows 1000000 10000000 50000000 --json var/benchmarks/intake.json

Real files, keys, envelopes, object store (a local folder) and warehouse (DuckDB); only the portal is the one in memory
that the tests use, whose part is a few answers per run. Each size runs in a process of its own, so that its peak is its
own: that process and its workers, pages that they share counted once. Seconds of both processors stand beside the
clock's, as other work on the machine lengthens only the latter. The room's warehouse is empty at first.
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
from benchmarks.memory import watched


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
    Console(width=130).print(_table(figures))  # whole words, also where the output is a file


def measure(rows: int, form: str, workdir: Path) -> dict:
    """Seconds per step, rows per second and bytes. Raises whatever the steps raise."""
    from tests.factories.one_participant import one_participant

    folder = workdir / "data"
    clear = transfers.write_folder(folder, rows=rows, form=form)
    parties = one_participant(workdir / "home", code=transfers.UPLOADER, data_dir=folder)
    steps: dict[str, dict[str, float]] = {}

    @contextmanager
    def measured(name: str):
        begin = time.perf_counter()
        with watched() as peak:
            yield
        steps[name] = {"seconds": time.perf_counter() - begin, "cpu_s": peak.cpu_s, "peak_bytes": peak.bytes}

    with measured("check, hash, seal"):
        parties.seal()
    with measured("upload"):
        parties.send()
    with measured("verify, open, hash, check, land"):
        landed = parties.take_in()
    if landed != rows:
        raise SystemExit(f"{landed} rows landed of {rows}")
    return {
        "rows": rows,
        "form": form,
        "clear_bytes": clear.stat().st_size,
        "steps": steps,
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
    for name in ("rows", "form", "step", "seconds", "rows/s", "CPU µs/row", "peak MiB"):
        table.add_column(name, justify="left" if name in ("form", "step") else "right")
    for f in figures:
        for step, took in f["steps"].items():
            _row(table, f, step, took)
        whole = {name: sum(took[name] for took in f["steps"].values()) for name in ("seconds", "cpu_s")}
        _row(table, f, "whole path", whole | {"peak_bytes": max(t["peak_bytes"] for t in f["steps"].values())})
        table.add_section()
    return table


def _row(table: Table, f: dict, step: str, took: dict) -> None:
    rate, cpu_us = f["rows"] / took["seconds"], took["cpu_s"] / f["rows"] * 1e6
    seconds, peak = took["seconds"], took["peak_bytes"] / 2**20
    table.add_row(f"{f['rows']:,}", f["form"], step, f"{seconds:.1f}", f"{rate:,.0f}", f"{cpu_us:.1f}", f"{peak:,.0f}")


if __name__ == "__main__":
    main()
