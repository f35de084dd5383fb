"""`python -m benchmarks.finbench --data DIR --query N --params FILE --out FILE.jsonl`

One JSON object a line, in the order of the parameter file: {"params": [...], "rows": [[...], ...]}. The file appears
whole or not at all.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.finbench.data import load
from benchmarks.finbench.parameters import QUERIES, rows, typed


def main() -> int:
    given = _arguments()
    query = QUERIES[given.query]
    try:
        began = time.perf_counter()
        bank = load(given.data)
        loaded = time.perf_counter()
        answers = [(fields, query.answer(bank, fields)) for fields in rows(given.params, query)]
        done = time.perf_counter()
        _write(given.out, answers)
    except (OSError, ValueError) as error:
        print(f"finbench: {error}", file=sys.stderr)
        return 2
    found = sum(len(answer) for _, answer in answers)
    each_ms = 1000 * (done - loaded) / max(len(answers), 1)
    print(
        f"complex read {given.query}: {len(answers)} parameter rows, {found} result rows; "
        f"loaded in {loaded - began:.2f} s, {each_ms:.2f} ms for each"
    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.finbench", description="answer FinBench's complex reads"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with snapshot/")
    parser.add_argument("--query", type=int, required=True, choices=sorted(QUERIES), help="complex read")
    parser.add_argument("--params", type=Path, required=True, help="its parameter file")
    parser.add_argument("--out", type=Path, required=True, help="where the answers go, as JSON lines")
    return parser.parse_args()


def _write(path: Path, answers: list) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as out:
        for fields, answer in answers:
            out.write(json.dumps({"params": typed(fields), "rows": answer}) + "\n")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
