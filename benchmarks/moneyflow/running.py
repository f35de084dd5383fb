"""One size after the other, each engine's cases in turn."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.moneyflow import graphs
from benchmarks.moneyflow.agreement import broken_off
from benchmarks.moneyflow.cases import Case, Engine, Task
from benchmarks.moneyflow.engines import engine
from benchmarks.moneyflow.processes import measure
from benchmarks.moneyflow.results import Kept

MILLION = 1_000_000
FEW_ENGINES_OVER = 50 * MILLION
FEW_ENGINES = ("lookout", "duckdb_layers")
_BUILD_WITHIN_S = 900


@dataclass(frozen=True)
class Plan:
    """`engines` None: all, or FEW_ENGINES where the graph is larger than FEW_ENGINES_OVER.

    `keep`: indexes and databases stay when their size is done.
    """

    work: Path
    sizes: Sequence[int]
    engines: Sequence[str] | None
    only: Sequence[Case] | None
    repeat: int
    limit_s: float
    keep: bool
    all_engines: Sequence[str]

    def engines_at(self, transfers: int) -> Sequence[str]:
        if self.engines is not None:
            return self.engines
        return FEW_ENGINES if transfers > FEW_ENGINES_OVER else self.all_engines

    def cases_of(self, of: Engine) -> list[Case]:
        """In the order of `Case`; the build is always done, for the others stand on it."""
        return [c for c in Case if c in of.cases and (self.only is None or c in self.only or c is Case.BUILD)]

    def graph(self, transfers: int) -> Path:
        return self.work / "graphs" / _name(transfers)

    def kept(self, transfers: int) -> Kept:
        return Kept(self.work / "measured" / _name(transfers))


def _name(transfers: int) -> str:
    return f"{transfers / MILLION:g}m"


def forget(plan: Plan) -> None:
    """What this plan would measure is measured again; what was measured of other engines and cases stays."""
    for transfers in plan.sizes:
        for name in plan.engines_at(transfers):
            of = engine(name)
            plan.kept(transfers).forget(name, of.store, plan.cases_of(of))


def run(plan: Plan) -> Iterator[dict]:
    """Measurements, finished ones first asked of the files; says on the way what is going on."""
    for transfers in plan.sizes:
        print(f"{transfers:,} transfers", flush=True)
        graphs.make(plan.graph(transfers), transfers)
        engines = [engine(name) for name in plan.engines_at(transfers)]
        stores: set[str] = set()
        for of, name in zip(engines, plan.engines_at(transfers), strict=True):
            for case, found in _of_engine(plan, transfers, name, of):
                if case is not Case.BUILD or of.store not in stores:
                    yield {"transfers": transfers, "title": of.title, **found}
            stores.add(of.store)
        if not plan.keep:
            plan.kept(transfers).remove_stores()


def _of_engine(plan: Plan, transfers: int, name: str, of: Engine) -> Iterator[tuple[Case, dict]]:
    """Builds only for what is still to be measured."""
    kept = plan.kept(transfers)
    known = {case: kept.read(name, of.store, case) for case in plan.cases_of(of)}
    build_again = not all(known.values()) and not kept.is_built(of.store)
    for case, found in known.items():
        if found is None or (case is Case.BUILD and build_again):
            found = _found(plan, transfers, name, of, case)
        yield case, found


def _found(plan: Plan, transfers: int, name: str, of: Engine, case: Case) -> dict:
    kept = plan.kept(transfers)
    task = Task(plan.graph(transfers), kept.store(of.store), plan.repeat, plan.limit_s)
    within_s = 3 * plan.limit_s + 120 if of.heeds_limit else plan.limit_s + 15
    within_s = _BUILD_WITHIN_S if case is Case.BUILD else within_s
    found = _measured(name, case, task, within_s)
    found["when"] = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    print(f"  {of.title}, {case}: {_said(found)}", flush=True)
    if not broken_off(found):
        kept.write(name, of.store, case, found)
    return found


def _measured(name: str, case: Case, task: Task, within_s: float) -> dict:
    """A first answer needs a new process each time; the others repeat within theirs."""
    began = time.perf_counter()
    found = measure(name, case, task, within_s=within_s)
    for _ in range(task.repeat - 1 if case is Case.FIRST else 0):
        if time.perf_counter() - began > task.limit_s:
            break
        again = measure(name, case, task, within_s=within_s)
        for label, runs in again.get("seconds", {}).items():
            found.setdefault("seconds", {}).setdefault(label, []).extend(runs)
    return found


def _said(found: dict) -> str:
    seconds = {label: f"{sorted(runs)[len(runs) // 2]:.3g}" for label, runs in found.get("seconds", {}).items() if runs}
    said = ", ".join(f"{label} {median} s" for label, median in seconds.items()) or "no figure"
    return f"{said}{'; ' + found['cancelled'] if found.get('cancelled') else ''} ({found['wall_s']} s in all)"
