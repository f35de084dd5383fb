"""A step's record stands for work that was done, and only for that."""

import json

import pytest

from cleanroom.errors import PortalFault, StoreFault
from cleanroom.pipeline.steps import NOT_REPORTED, StepResult, run_step


class Portal:
    def __init__(self, *, down=False):
        self.runs, self.down = [], down

    def report_station(self, run):
        if self.down:
            raise PortalFault("the portal does not answer")
        self.runs.append(run)


def test_the_record_is_kept_and_reported(tmp_path):
    portal = Portal()
    run = run_step(
        lambda: StepResult(rows=7, detail={"landed": 3}),
        run_id="run-1", station="intake", step="take_in", portal=portal, runs_dir=tmp_path,
    )  # fmt: skip
    kept = [json.loads(text) for text in (tmp_path / "run-1.jsonl").read_text().splitlines()]
    assert [k["rows"] for k in kept] == [7]
    assert kept[0]["detail"] == {"landed": 3}
    assert portal.runs == [run]
    assert run.seconds >= 0


def test_a_step_that_raises_leaves_no_record(tmp_path):
    def fail():
        raise StoreFault("the disk is full")

    portal = Portal()
    with pytest.raises(StoreFault):
        run_step(fail, run_id="run-1", station="intake", step="take_in", portal=portal, runs_dir=tmp_path)
    assert portal.runs == []
    assert list(tmp_path.iterdir()) == []


def test_a_portal_that_does_not_answer_fails_the_steps_that_need_it(tmp_path):
    step = {"run_id": "run-1", "station": "moneyflow", "step": "build", "runs_dir": tmp_path}
    run = run_step(lambda: StepResult(rows=7), **step, portal=Portal(down=True), needs_portal=False)
    assert (run.rows, run.detail) == (7, NOT_REPORTED)
    assert "portal" not in run_step(lambda: StepResult(rows=7), **step, portal=Portal(), needs_portal=False).detail
    with pytest.raises(PortalFault):
        run_step(lambda: StepResult(rows=7), **step, portal=Portal(down=True))
