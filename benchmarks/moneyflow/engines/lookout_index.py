"""Our index: built, opened, started, extended."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from benchmarks.moneyflow import asking, questions
from benchmarks.moneyflow.cases import SIX_IN_TIME, Found, Task
from benchmarks.moneyflow.graphs import parquet_files
from benchmarks.moneyflow.timing import since_process_began, timed
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index.building import AccountsOf, Facts, build
from cleanroom.lookout.index.opening import Index
from cleanroom.lookout.index.writing import Writer
from cleanroom.lookout.kernels import source
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.verdicts.keeper import Keeper
from cleanroom.lookout.verdicts.listings import Listing
from cleanroom.lookout.walks.together import together
from cleanroom.moneyflow.rules import LOOKBACK

_REPORTED_CENTS = 5_000_000


def folder_of(task: Task) -> Path:
    return task.store / "index"


def build_index(task: Task) -> Found:
    """The kernels are compiled before: that is done once per machine and version."""
    compile_kernels()
    shutil.rmtree(folder_of(task), ignore_errors=True)
    facts = build(parquet_files(task.graph), folder_of(task))
    return Found({name: [seconds] for name, seconds in facts.seconds.items()}, facts=_told(facts))


def _told(facts: Facts) -> dict[str, float | int]:
    walked = round(facts.walk_bytes_per_direction, 2)
    return {"bytes": facts.bytes_on_disk, "walk_bytes_per_direction": walked, "total_s": facts.total_seconds}


def compile_kernels() -> None:
    for path in sorted(Path(source.__file__).parent.glob("*.py")):
        if "\n@kernel(" in path.read_text():
            kernels(path.stem)


def first_answer(task: Task) -> Found:
    """Parquet files and nothing else, to the answer of the batch, in a new process; then the index is durable, too."""
    seconds = {"interpreter and imports": [since_process_began()]}
    answered: dict[str, list[float]] = {}

    def ask(graph: Graph, accounts_of: AccountsOf) -> None:
        with timed(seconds, "ask"):
            starts = questions.together(task.graph)
            begins = dict(zip(accounts_of(starts.tokens).tolist(), starts.begins_us.tolist(), strict=True))
            (arrivals,) = together(graph, begins, SIX_IN_TIME).values()
            found.facts["arrivals"] = sum(arrivals.counts()[1:])
        answered["first answer"] = [since_process_began()]

    found = Found()
    with tempfile.TemporaryDirectory(dir=task.store) as folder:
        facts = build(parquet_files(task.graph), Path(folder) / "index", ready=ask)
        seconds["index published"] = [since_process_began()]
    found.seconds = answered | seconds | {name: [stage] for name, stage in facts.seconds.items()}
    return found


def starts_in(index: Index, task: Task) -> dict[int, int]:
    starts = questions.together(task.graph)
    return dict(zip(index.accounts_of(starts.tokens).tolist(), starts.begins_us.tolist(), strict=True))


def start(task: Task) -> Found:
    """From the start of a Python process to its first answer."""
    compile_kernels()
    asked = questions.one_by_one(task.graph)
    command = [sys.executable, "-m", "benchmarks.moneyflow.engines.lookout_start", str(folder_of(task))]
    command += [asked.tokens[0].tobytes().hex(), str(asked.begins_us[0])]
    found = Found()
    subprocess.run(command, check=True, capture_output=True)
    for _ in range(task.repeat):
        with timed(found.seconds, "start"):
            subprocess.run(command, check=True, capture_output=True)
    return found


def listings(task: Task) -> tuple[Listing, ...]:
    """The batch's starts as watch-listings whose walks begin at the same moments."""
    lookback_us = round(LOOKBACK.total_seconds() * 1_000_000)
    starts = questions.together(task.graph)
    moments = zip(starts.tokens, starts.begins_us.tolist(), strict=True)
    return tuple(
        Listing(token.tobytes(), begins + lookback_us, None, _REPORTED_CENTS, f"case {place}")
        for place, (token, begins) in enumerate(moments)
    )


def updates(task: Task) -> Found:
    """A million at once, folded in, the verdicts after it; then small batches. Into a copy."""
    with _copy(task) as folder, Writer.open(folder) as writer:
        index, keeper_folder = Index.open(folder), folder.with_name("verdicts")
        keeper = Keeper.open(keeper_folder, index.graph, index.account, listings=listings(task))
        at_once, later = asking.halves(task)
        found = Found()
        with timed(found.seconds, f"{len(at_once):,} at once"):
            writer.append(at_once)
        with timed(found.seconds, "verdicts brought up to date"):
            index.refresh()
            keeper.update(index.graph, index.account, changed_from_us=earliest(at_once))
        with timed(found.seconds, "merge"):
            writer.merge()
        keeper.close()
        in_batches = asking.batches(task, lambda batch: _visible(writer, index, batch), later)
        return Found(found.seconds | in_batches.seconds, facts=in_batches.facts)


def _visible(writer: Writer, index: Index, batch: pa.Table) -> None:
    writer.append(batch)
    index.refresh()


def earliest(table: pa.Table) -> int:
    return int(table["executed_at"].combine_chunks().cast(pa.int64()).to_numpy().min())


@contextmanager
def _copy(task: Task) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=task.store) as folder:
        shutil.copytree(folder_of(task), Path(folder) / "index")
        yield Path(folder) / "index"
