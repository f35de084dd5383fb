"""Two ways to run the same steps: by direct calls, or through the DAGs in a process of Airflow's own."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from cleanroom.contracts.messages import StationRun
from cleanroom.errors import ServiceFault, Where
from cleanroom.pipeline import line, upload
from cleanroom.pipeline.rehearsal.airflow_home import airflow_environment
from cleanroom.settings import ParticipantSettings, RoomSettings, project_root
from cleanroom.vocabulary.both import Both

Progress = Callable[[Both], None]

_PACK = Both("pack the evidence", "產製證據包")

# What waits until the model is released; an earlier run on the same home may have left it woken.
LATER = {"score_accounts", "dispatch_warnings", "evaluate_outcomes"}


class Runner(Protocol):
    """Runs the line in three parts, as people come between: sign-offs after the first, answers after the second."""

    def to_evaluated_model(self, codes: list[str]) -> None: ...
    def to_sent_warnings(self) -> None: ...
    def to_outcomes(self) -> None: ...


class DirectRunner:
    """Calls the line's functions in this process, in order."""

    def __init__(self, settings: RoomSettings, environ: Mapping[str, str], run_id: str, progress: Progress):
        self._settings, self._environ, self._run_id, self._progress = settings, environ, run_id, progress

    def to_evaluated_model(self, codes: list[str]) -> None:
        for code in codes:
            line.check_onboarding(self._settings, participant=code)
        for code in codes:
            side = ParticipantSettings.from_environment(code, self._environ)
            title = Both(f"seal and upload {code}", f"{code} 封裝並上傳")
            self._say(title, lambda side=side: upload.seal_and_upload(side, run_id=self._run_id))
        for code in codes:
            self._step(Both(f"take in {code}", f"匯入 {code}"), line.take_in, participant=code)
        self._step(Both("build money flow", "追查金流"), line.build_moneyflow)
        self._step(Both("train", "訓練模型"), line.train)
        self._step(Both("evaluate under the policy", "依政策評估"), line.evaluate_release)
        self._step(_PACK, line.pack_releases)

    def to_sent_warnings(self) -> None:
        self._step(Both("score accounts", "為帳戶評分"), line.score)
        self._step(_PACK, line.pack_releases)
        self._step(Both("dispatch warnings", "傳送預警"), line.dispatch_warnings)

    def to_outcomes(self) -> None:
        self._step(Both("evaluate outcomes", "計算成效"), line.evaluate_outcomes)

    def _step(self, title: Both, function: Callable[..., StationRun], **arguments: str) -> None:
        self._say(title, lambda: function(self._settings, run_id=self._run_id, **arguments))

    def _say(self, title: Both, call: Callable[[], StationRun]) -> None:
        self._progress(Both(f"{title.en} …", f"{title.zh_hant}…"))
        run = call()
        self._progress(Both(f"{title.en}: {run.rows:,} rows, {run.seconds:.1f} s",
                            f"{title.zh_hant}：{run.rows:,} 列，{run.seconds:.1f} 秒"))  # fmt: skip


class DagRunner:
    """Drives `dags/in_process.py`: the very DAGs, started as their assets wake them."""

    def __init__(self, home: Path, environ: Mapping[str, str], run_id: str, progress: Progress):
        self._run_id, self._progress = run_id, progress
        self._log_path = home / "logs" / "dags.log"
        self._environ = dict(environ) | airflow_environment(home)
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "DagRunner":
        self._progress(Both("start Airflow in process …", "啟動 Airflow…"))
        with self._log_path.open("w", encoding="utf-8") as log:
            subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=self._environ,
                stdout=log,
                stderr=log,
                check=True,
            )
            self._process = subprocess.Popen(
                [sys.executable, str(project_root() / "dags" / "in_process.py")],
                env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self._read()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.stdin.close()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def to_evaluated_model(self, codes: list[str]) -> None:
        self.run("onboard_participant")
        self.run("validate_specification")
        for code in codes:
            woken = self.run(f"upload_participant_{code}")
        # Scoring is woken by the graph as well; it waits here for the release, so that its first run is no shadow.
        self._follow(woken, hold=LATER)
        self.run("train_and_evaluate")

    def to_sent_warnings(self) -> None:
        self._follow(["score_accounts"], hold={"evaluate_outcomes"})

    def to_outcomes(self) -> None:
        self._follow(["evaluate_outcomes"], hold=set())

    def _follow(self, woken: list[str], *, hold: set[str]) -> None:
        while waiting := [dag for dag in woken if dag not in hold]:
            woken = self.run(waiting[0])

    def run(self, dag_id: str) -> list[str]:
        """One DAG to its end; returns what its assets wake. Raises ServiceFault with the refusal's own sentence."""
        self._progress(Both(f"DAG {dag_id} …", f"DAG {dag_id} 執行中…"))
        self._process.stdin.write(json.dumps({"dag": dag_id, "run_id": self._run_id}) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if answer["state"] != "success":
            tasks = ", ".join(failed["task"] for failed in answer["failed"]) or "no task"
            raise ServiceFault(f"DAG {dag_id} ended as {answer['state']} ({tasks}): {self._reason()}",
zh=f"DAG {dag_id} 結束狀態為 {answer['state']}（{tasks}）：{self._reason()}"
,
                               where=Where(file=str(self._log_path)))  # fmt: skip
        self._progress(Both(f"DAG {dag_id}: {answer['seconds']:.1f} s", f"DAG {dag_id}：{answer['seconds']:.1f} 秒"))
        return answer["woken"]

    def _read(self) -> dict:
        line_ = self._process.stdout.readline()
        if not line_:
            raise ServiceFault("the DAGs' process ended", zh="DAG 之程序已結束", where=Where(file=str(self._log_path)))
        return json.loads(line_)

    def _reason(self) -> str:
        """The own sentence of the refusal or fault, where one stands in the log."""
        entries = self._log_path.read_text(encoding="utf-8").splitlines()
        found = [e for e in entries if "Exception: " in e or e.startswith("cleanroom.errors.")]
        return found[-1].split(": ", 1)[1] if found else "the log says why"
