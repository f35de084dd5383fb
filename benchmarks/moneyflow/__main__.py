"""python -m benchmarks.moneyflow: the graphs, every engine, one table and the charts. See benchmarks/README.md."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.moneyflow import graphs, host
from benchmarks.moneyflow.agreement import check
from benchmarks.moneyflow.cases import Case
from benchmarks.moneyflow.charts import draw_all
from benchmarks.moneyflow.engines import ALL
from benchmarks.moneyflow.running import MILLION, Plan, forget, run
from benchmarks.moneyflow.table import markdown


def main(arguments: list[str] | None = None) -> int:
    """0 where every engine ran and gave the same answers, 1 where not."""
    options = _options(arguments)
    sizes = [round(size * MILLION) for size in options.sizes]
    plan = Plan(options.work, sizes, options.engines, options.only, options.repeat, options.limit, options.keep, ALL)
    if options.fresh:
        forget(plan)
    measured = list(run(plan))
    agreement = check(measured)
    report = {
        "host": host.facts(),
        "graphs": [vars(graphs.read_facts(plan.graph(transfers))) for transfers in sizes],
        "agreement": agreement,
        "measured": measured,
    }
    _write(options.out or options.work / "report", report)
    for sentence in (*agreement["disagreements"], *agreement["failures"]):
        print(f"FAILED: {sentence}", file=sys.stderr)
    return 1 if agreement["disagreements"] or agreement["failures"] else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moneyflow", description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[10, 50], help="million transfers (default: 10 50)")
    parser.add_argument("--engines", nargs="+", help=f"of {', '.join(ALL)}, or a module with an ENGINE (default: all)")
    parser.add_argument("--only", type=Case, nargs="+", help=f"cases: {', '.join(Case)} (default: all)")
    parser.add_argument("--repeat", type=int, default=3, help="runs after one to warm up (default %(default)s)")
    parser.add_argument("--limit", type=float, default=30, help="seconds for a case that may not end (default 30)")
    parser.add_argument(
        "--work", type=Path, default=Path("var/moneyflow"), help="graphs and files (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, help="where table and charts go (default: report in the work folder)")
    parser.add_argument("--keep", action="store_true", help="keep indexes and databases after a size is done")
    parser.add_argument(
        "--fresh", action="store_true", help="measure the chosen engines and cases again; other results stay"
    )
    options = parser.parse_args(arguments)
    options.work = options.work.resolve()
    return options


def _write(folder: Path, report: dict) -> None:
    """Each file whole or not at all; the folder's other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        (Path(beside) / "table.json").write_text(json.dumps(report, indent=1))
        (Path(beside) / "table.md").write_text(markdown(report))
        draw_all(report, Path(beside))
        for path in sorted(Path(beside).iterdir()):
            path.replace(folder / path.name)
    print((folder / "table.md").read_text())
    print(f"Table and charts: {folder}")


if __name__ == "__main__":
    sys.exit(main())
