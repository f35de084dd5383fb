"""One measurement, in a process of its own: python -m benchmarks.moneyflow.child TASK OUT (started by `processes`)."""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.moneyflow.cases import Case, NotMeasured, Task
from benchmarks.moneyflow.engines import engine


def main(given: Path, out: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what an engine started is ended with it
    asked = json.loads(given.read_text())
    of, case = engine(asked["engine"]), Case(asked["case"])
    version = of.version()

    def save(found: dict) -> None:
        beside = out.with_suffix(".part")
        beside.write_text(json.dumps(found | {"version": version}))
        beside.replace(out)

    task = Task(
        Path(asked["graph"]), Path(asked["store"]), asked["repeat"], asked["limit_s"], lambda found: save(asdict(found))
    )
    try:
        save(asdict(of.cases[case](task)))
    except NotMeasured as why:
        save({"cancelled": str(why)})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
