"""Kept measurements: measuring some again leaves the others."""

from benchmarks.moneyflow.cases import Case
from benchmarks.moneyflow.engines import engine
from benchmarks.moneyflow.running import Plan, forget

ENGINES = ("lookout", "duckdb_layers", "duckdb_recursive")


def plan(work, *, engines, only) -> Plan:
    return Plan(work, [20_000], engines, only, repeat=1, limit_s=1, keep=True, all_engines=ENGINES)


def measured(work) -> set[tuple[str, Case]]:
    of = plan(work, engines=ENGINES, only=None)
    kept = of.kept(20_000)
    return {
        (name, case)
        for name in ENGINES
        for case in of.cases_of(engine(name))
        if kept.read(name, engine(name).store, case) is not None
    }


def test_fresh_forgets_what_is_asked_for_and_nothing_else(tmp_path):
    every = plan(tmp_path, engines=ENGINES, only=None)
    kept = every.kept(20_000)
    for name in ENGINES:
        kept.store(engine(name).store)
        for case in every.cases_of(engine(name)):
            kept.write(name, engine(name).store, case, {"seconds": {}})
    whole = measured(tmp_path)
    assert {("lookout", Case.TOGETHER), ("lookout", Case.SEPARATE), ("duckdb_layers", Case.TOGETHER)} < whole
    forget(plan(tmp_path, engines=["lookout"], only=[Case.TOGETHER]))
    assert whole - measured(tmp_path) == {("lookout", Case.TOGETHER), ("lookout", Case.BUILD)}
    assert not kept.is_built(engine("lookout").store)
    assert kept.is_built(engine("duckdb_layers").store)
    forget(every)
    assert measured(tmp_path) == set()
