"""A room in operation: a release in force, warnings that were sent under it, answers and incidents at the portal."""

import json
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from cleanroom.contracts.governance import IncidentStanding, ReleaseRecord
from cleanroom.contracts.messages import AnswerMessage, StationRun, WarningMessage
from cleanroom.governance.evidence import Estimate
from cleanroom.governance.suspension import Drift
from cleanroom.pipeline import drift
from cleanroom.pipeline.dispatch import SENT, SENT_SCHEMA
from cleanroom.pipeline.operation_evidence import SCORE_RUNS
from cleanroom.pipeline.scoring import _RUNS
from cleanroom.scoring.scores import SCORES
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import ObjectStore, Warehouse
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.terms import AnswerKind
from tests.factories.landing import land_rows
from tests.factories.scoring_room import PERIOD, portal
from tests.factories.small_room import account
from tests.fakes.portal import MemoryPortal

CODES = ("700", "808", "822")
EACH = 60  # accounts of each institution


@dataclass
class OperatingRoom:
    settings: RoomSettings
    warehouse: Warehouse
    objects: ObjectStore
    portal: MemoryPortal

    @classmethod
    def open(cls, settings: RoomSettings) -> "OperatingRoom":
        made = cls(settings, open_warehouse(settings), LocalObjectStore(settings.objects_dir), portal())
        made.warehouse.ensure_tables()
        for code in CODES:
            own = [account(f"{100000 + i}") for i in range(EACH)]
            land_rows(made.warehouse, code, "accounts", own, period=PERIOD)
        return made

    @property
    def tokens(self) -> dict[str, list[str]]:
        """Institution -> the tokens of its accounts."""
        rows = self.warehouse.query("select participant, account_token from landing.accounts order by account_token")
        found: dict[str, list[str]] = {}
        for row in rows.to_pylist():
            found.setdefault(row["participant"], []).append(row["account_token"])
        return found

    def release(self, record: ReleaseRecord) -> ReleaseRecord:
        """Put a record of the line's use case in force at the portal, as it stands."""
        self.portal.drafted[record.draft.release_id] = record
        return record

    def score(
        self, record: ReleaseRecord, *, at: datetime, mode: str = "released", artefact: str | None = None
    ) -> None:
        name, tokens = record.draft.release_id, self.tokens
        count = sum(map(len, tokens.values()))
        rows = pa.table(
            {
                "release_id": [name] * count,
                "as_of": [at] * count,
                "account_token": [t for code in CODES for t in tokens[code]],
                "institution": [code for code in CODES for _ in tokens[code]],
                "score": [i / count for i in range(count)],
                "rank": list(range(1, count + 1)),
                "baseline_score": [0.0] * count,
                "reasons": ["[]"] * count,
                "mode": [mode] * count,
            },
            schema=SCORES,
        )
        self.warehouse.replace_rows("scoring.account_scores", rows, where=f"mode = '{mode}'")
        run = [name, artefact or record.draft.digests.artefact, mode, at, at, count]
        self.warehouse.replace_rows(SCORE_RUNS, pa.table([[v] for v in run], schema=_RUNS), where="false")

    def warn(
        self, record: ReleaseRecord, *, at: datetime, wrong_door: bool = False, cause: str | None = None,
        kind: str = "mule",
    ) -> list[str]:  # fmt: skip
        """One warning for each of ten accounts of every institution, resting on the score or on a reported account;
        `wrong_door` sends the first to another one."""
        ids, rows = [], []
        for code, tokens in self.tokens.items():
            for token in tokens[:10]:
                astray = wrong_door and not ids
                to = next(c for c in CODES if c != code) if astray else code
                ids.append(f"{len(ids) + 1:032x}")
                rows.append(_sent(ids[-1], token, to, record, at) | {"cause_token": cause, "kind": kind})
                self.portal.send_warnings([_message(ids[-1], to, record, at)])
        self.warehouse.replace_rows(SENT, pa.Table.from_pylist(rows, schema=SENT_SCHEMA))
        return ids

    def answer(self, warning_id: str, *said: tuple[AnswerKind, datetime]) -> None:
        to = self.portal.sent[warning_id].participant
        for kind, at in said:
            self.portal.answer(
                AnswerMessage(
                    warning_id=warning_id,
                    participant=to,
                    answer=kind,
                    action="hold",
                    answered_at=at,
                    reason="seen",
                    signing_kid="k",
                    signature="s",
                )
            )

    def incident(self, number: int, **given: object) -> None:
        filled = {"kind": "operation", "grade": 2} | given
        self.portal.reported.append(IncidentStanding(incident_id=f"incident-{number}", **filled))

    def ran(self, station: str, *, at: datetime, seconds: float) -> None:
        run = StationRun(run_id="run", station=station, step="step", started_at=at, seconds=seconds, rows=1)
        self.settings.runs_dir.mkdir(parents=True, exist_ok=True)
        with (self.settings.runs_dir / "run.jsonl").open("a") as file:
            file.write(run.model_dump_json() + "\n")

    def drifted(self, record: ReleaseRecord, *, at: datetime, psi: float) -> None:
        moved = Drift(Estimate(psi, cases=len(CODES) * EACH))
        drift.keep(self, record, at, moved)

    def publish(self, kind: str, body: dict) -> None:
        self.settings.results_dir.mkdir(parents=True, exist_ok=True)
        (self.settings.results_dir / f"{kind}.json").write_text(json.dumps(body))


def _sent(warning_id: str, token: str, to: str, record: ReleaseRecord, at: datetime) -> dict:
    return {
        "warning_id": warning_id, "account_token": token, "cause_token": None, "institution": to, "kind": "mule",
        "severity": "normal", "release_id": record.draft.release_id, "as_of": at, "score": 0.9, "layer": 1,
        "amount_bound_cents": 100, "recorded_at": at,
    }  # fmt: skip


def _message(warning_id: str, to: str, record: ReleaseRecord, at: datetime) -> WarningMessage:
    return WarningMessage(
        warning_id=warning_id, participant=to, kind="mule", severity="normal", release_id=record.draft.release_id,
        reason_codes=(), amount_bound_cents=100, layer=1, composed_at=at, sealed_body="",
    )  # fmt: skip
