"""`python -m benchmarks.detection three_banks|amlsim_20k`: the table on screen, the figures as JSON.

three_banks: accounts, joint view against each bank's own. amlsim_20k: one ledger, so no own view; frauds of the steps
up to --cut are known, later ones are to be found.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.detection import amlsim
from benchmarks.detection.markdown import tables
from cleanroom.cli.common import say
from cleanroom.cli.evaluating import show
from cleanroom.pipeline.rehearsal.detecting import evaluate_detection

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CUT = 100


def main() -> None:
    given = _arguments()
    found = three_banks(given.data) if given.name == "three_banks" else amlsim_20k(given.data, given.cut)
    show(found)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    given.json.with_suffix(".md").write_text(tables(found), encoding="utf-8")
    say(f"figures: {given.json}, as tables: {given.json.with_suffix('.md')}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("name", choices=["three_banks", "amlsim_20k"])
    parser.add_argument("--data", type=Path, help="where the data set lies (default: beside the project)")
    parser.add_argument("--json", type=Path, help="default: var/benchmarks/detection-NAME.json")
    parser.add_argument("--cut", type=int, default=CUT, help="amlsim_20k: the last step that is known (%(default)s)")
    given = parser.parse_args()
    given.data = given.data or SHARED / given.name
    given.json = given.json or Path("var/benchmarks") / f"detection-{given.name}.json"
    return given


def three_banks(data: Path) -> dict[str, Any]:
    return evaluate_detection(data, data / "truth" / "accounts.csv", say=say)


def amlsim_20k(data: Path, cut: int) -> dict[str, Any]:
    """`scoring_history_days` spans the data: what was listed long ago is to be learned from as well."""
    (source,) = {path.parent for path in data.glob("**/nodes.csv.gz")}
    with tempfile.TemporaryDirectory() as folder:
        made = amlsim.write(source, Path(folder), cut=cut)
        found = evaluate_detection(
            made.folder,
            made.truth,
            say=say,
            undecided=made.undecided,
            variables={"scoring_history_days": made.days},
        )
    one_ledger = {method: {"joint": views["joint"]} for method, views in found["methods"].items()}
    return {**found, "methods": one_ledger, "cut_step": cut, "undecided": len(made.undecided)}


if __name__ == "__main__":
    main()
