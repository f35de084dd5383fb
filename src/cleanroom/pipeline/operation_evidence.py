"""What operation has shown so far: warnings, answers, incidents, runs. Counted where the data is; no row leaves.

What there is no record of is left out, so that the gate takes it as not measured.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.messages import StationRun
from cleanroom.governance import metrics
from cleanroom.governance.evidence import Estimate, Evidence
from cleanroom.governance.metrics import operation
from cleanroom.governance.metrics.operation import Handled
from cleanroom.governance.policy import Policy
from cleanroom.pipeline.dispatch import SENT

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

SCORE_RUNS, SCORES, DRIFT = "scoring.score_runs", "scoring.account_scores", "scoring.drift"
SEED = 20250401
_STATIONS = ("moneyflow", "scoring", "dispatch")  # whose machine time a warning costs
_TOKEN = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

# A warning went astray where another institution keeps the account and the warned one does not. Rows that are gone
# (withdrawn) tell of neither, and such a warning is not judged.
_MISROUTED = """
select count(*) as judged, sum(case when own.account_token is null then 1 else 0 end) as misrouted
from dispatch.sent_warnings as sent
inner join (select distinct account_token from landing.accounts) as known on known.account_token = sent.account_token
left join (select distinct account_token, participant from landing.accounts) as own
  on own.account_token = sent.account_token and own.participant = sent.institution
"""
_KINDS = "select account_token, min(kind) as account_kind from landing.accounts group by account_token"
_ACCOUNTS = f"""
select scored.institution, coalesce(kinds.account_kind, '') as account_kind, count(*) as accounts
from scoring.account_scores as scored left join ({_KINDS}) as kinds on kinds.account_token = scored.account_token
where scored.mode = 'released' and scored.release_id = ? group by 1, 2
"""
# A care notice is about who paid an account that the score suspects: its cause is no report either.
_OWN = f"""
select sent.warning_id, sent.cause_token is null or sent.kind = 'care' as alone,
  coalesce(kinds.account_kind, '') as account_kind
from {SENT} as sent left join ({_KINDS}) as kinds on kinds.account_token = sent.account_token
where sent.release_id = ?
"""

Measured = Mapping[str, Estimate | None]


def collect(room: "Room", policy: Policy, *, use_case: str, now: datetime) -> dict[str, Evidence]:
    """By metric name. Raises PortalFault or WarehouseFault: a figure that could not be asked for is no evidence."""
    standing = room.portal.current_release(use_case)
    found: dict[str, Estimate | None] = {
        **_production(room),
        **_answered(room, standing),
        **_incidents(room, now),
        **_exports(room, standing),
        **_cost(room, policy, standing),
        **_drifted(room, standing),
        "validated_precision": _validated(standing),
    }
    return {name: estimate.at(now) for name, estimate in found.items() if estimate is not None}


def _production(room: "Room") -> Measured:
    """Whether what ran and what was sent stood under a release, and leads back to it."""
    releases = {r.draft.release_id: r for r in room.portal.releases()}
    runs = _rows(
        room, SCORE_RUNS, "select release_id, artefact, scored_at from scoring.score_runs where mode = 'released'"
    )
    sent = _rows(room, SENT, f"select warning_id, institution, release_id, recorded_at from {SENT}")
    covered = [_in_force(releases.get(r["release_id"]), r["scored_at"], r["artefact"]) for r in runs]
    covered += [_in_force(releases.get(w["release_id"]), w["recorded_at"], None) for w in sent]
    traced = [_traced(releases.get(w["release_id"])) for w in sent]
    return {
        "gate_decision": Estimate(float(all(covered)), cases=len(covered)) if covered else None,
        "trace_coverage": Estimate(sum(traced) / len(traced), cases=len(traced)) if traced else None,
        "misrouted_alerts": _misrouted(room, sent),
    }


def _misrouted(room: "Room", sent: list[dict]) -> Estimate | None:
    if not sent:
        return None
    row = room.warehouse.query(_MISROUTED).to_pylist()[0]
    to = {w["warning_id"]: w["institution"] for w in sent}
    elsewhere = sum(to.get(s.warning_id, s.participant) != s.participant for s in room.portal.warnings())
    return Estimate(float((row["misrouted"] or 0) + elsewhere), cases=int(row["judged"]))


def _answered(room: "Room", standing: ReleaseRecord | None) -> Measured:
    """How the institutions dealt with the warnings of the release in force."""
    if standing is None:
        return {}
    name = standing.draft.release_id
    about = {w["warning_id"]: w for w in _rows(room, SENT, _OWN, [name])}
    own = [s for s in room.portal.warnings() if s.warning_id in about]
    every = [
        operation.handled(s, score_alone=w["alone"], account_kind=w["account_kind"])
        for s in own
        if (w := about[s.warning_id])
    ]
    suspected = [h for s, h in zip(own, every, strict=True) if s.kind == "mule"]
    return {
        "human_review_rate_adverse": operation.human_review_rate(every),
        "release_time_p95_hours": operation.release_time_p95_hours(every),
        "wrongful_control_rate": operation.wrongful_control_rate(every),
        "live_precision": operation.precision(suspected),
        "live_fpr_ratio": _live_fpr_ratio(room, name, suspected),
    }


def _live_fpr_ratio(room: "Room", release_id: str, suspected: list[Handled]) -> Estimate | None:
    """Between institutions and between kinds of account, as FAI-3-01 compares them before the release: the worse."""
    rows = _rows(room, SCORES, _ACCOUNTS, [release_id])
    groupings = {"institution": lambda w: w.institution, "account_kind": lambda w: w.account_kind}
    found = []
    for column, group in groupings.items():
        accounts: Counter[str] = Counter()
        for row in rows:
            accounts[row[column]] += row["accounts"]
        counts = operation.live_groups(suspected, accounts, group)
        found.append(metrics.fpr_ratio(counts, min_cases=1, seed=SEED))
    measured = [e for e in found if e is not None]
    return min(measured, key=lambda e: e.value if e.low is None else e.low, default=None)


def _incidents(room: "Room", now: datetime) -> Measured:
    register = room.portal.incidents()
    return {
        "incident_ack_minutes_p95": operation.acknowledged_p95_minutes(register, now),
        "open_sev1": operation.open_of_grade(register, 1),
        "breach_notify_hours": operation.most_hours_until_told(register, now),
        "upheld_complaint_rate": operation.upheld_rate(register),
    }


def _exports(room: "Room", standing: ReleaseRecord | None) -> Measured:
    """Published results in which a token stands, by which one account could be followed; and what people took away
    from the portal as rows of other institutions' cases since the release."""
    results = sorted(room.settings.results_dir.glob("*.json"))
    taken = room.portal.row_exports(standing.released_at if standing else None)
    if not results and not taken.taken:
        return {}
    held = sum(bool(_TOKEN.search(path.read_text(encoding="utf-8"))) for path in results)
    return {"row_level_exports": Estimate(float(held + taken.beyond_own), cases=len(results) + taken.taken)}


def _cost(room: "Room", policy: Policy, standing: ReleaseRecord | None) -> Measured:
    """Machine time of the stations since the release, at the policy's price, for each thousand warnings."""
    price = policy.settings.get("machine_twd_per_hour")
    if standing is None or standing.released_at is None or price is None:
        return {}
    counted = _rows(room, SENT, f"select count(*) as n from {SENT} where release_id = ?", [standing.draft.release_id])
    sent = counted[0]["n"] if counted else 0
    seconds = sum(r.seconds for r in _runs(room) if r.started_at >= standing.released_at and r.station in _STATIONS)
    return {"cost_per_1k_alerts": Estimate(seconds / 3600 * price / sent * 1000, cases=sent) if sent else None}


def _drifted(room: "Room", standing: ReleaseRecord | None) -> Measured:
    """As the last scoring run of the release in force measured it (pipeline.drift)."""
    name = standing.draft.release_id if standing else ""
    rows = _rows(
        room, DRIFT, f"select psi_score, accounts from {DRIFT} where release_id = ? order by as_of desc", [name]
    )
    return {"psi_score": Estimate(rows[0]["psi_score"], cases=rows[0]["accounts"])} if rows else {}


def _runs(room: "Room") -> list[StationRun]:
    lines = [line for p in sorted(room.settings.runs_dir.glob("*.jsonl")) for line in p.read_text().splitlines()]
    return [StationRun.model_validate(json.loads(line)) for line in lines]


def _validated(standing: ReleaseRecord | None) -> Estimate | None:
    """The precision at capacity that the release in force was let out with."""
    results = standing.draft.controls if standing else ()
    found = next((r for r in results if r.metric == "precision_at_capacity" and r.value is not None), None)
    return Estimate(found.value, low=found.low, high=found.high, cases=found.cases) if found else None


def _in_force(record: ReleaseRecord | None, at: datetime, artefact: str | None) -> bool:
    out = record is not None and record.released_at is not None and record.released_at <= at
    return out and artefact in (None, record.draft.digests.artefact)


def _traced(record: ReleaseRecord | None) -> bool:
    """The release names model, data and policy, and people signed exactly that."""
    if record is None or record.released_at is None:
        return False
    digests = record.draft.digests
    named = all((digests.artefact, digests.data_snapshot, digests.policy, digests.code_commit))
    return named and any(s.subject_digest == record.draft.subject_digest for s in record.sign_offs)


def _rows(room: "Room", table: str, sql: str, parameters: list | None = None) -> list[dict]:
    return room.warehouse.query(sql, parameters or []).to_pylist() if room.warehouse.table_exists(table) else []
