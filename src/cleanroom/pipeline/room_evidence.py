"""What the room's own records say for the controls: uploads, audit log, landed values, score runs. No row leaves."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cleanroom.contracts.manifest import KEYS
from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import landed_schema
from cleanroom.errors import AuditBroken
from cleanroom.governance.answers import Answers
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.pipeline import drift, drill, operation_evidence, scan_report
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.terms import UploadState

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

Found = dict[str, Evidence]
SCORE_RUNS = "scoring.score_runs"
_DAY = timedelta(days=1)
_SHADOW_DAYS = f"""
select count(distinct cast(as_of as date)) as days from {SCORE_RUNS} where mode = 'shadow' and artefact = ?
"""
_ENDED = "select participant, dataset, sequence, draw from landing.submissions where state <> 'accepted'"
_LEFT_ROWS = """
select count(*) as n from landing.{dataset} as landed
inner join landing.submissions as ended on ended.submission_id = landed.submission_id and ended.state <> 'accepted'
"""


def collect(
    room: "Room",
    answers: Answers,
    *,
    now: datetime,
    artefact_digest: str | None = None,
    release_id: str | None = None,
) -> Found:
    """By metric name. What there is no record of is left out, so that the gate takes it as not measured.

    `artefact_digest`: of the model whose shadow days are counted; without one none are. `release_id`: of the candidate
    whose own drift counts; without one, or before it ran, that of the release in force.
    """
    policy = load_policy(room.settings.policy_file)
    found = {
        **_uploads(room, now),
        **_audit(room, now),
        **_landed(room, answers, now),
        **_deletions(room, now),
        **_shadow(room, artefact_digest, now),
        **_scanned(room, policy, now),
        **drill.evidence(room.settings, now=now),
        **scan_report.evidence(room.settings),
        **operation_evidence.collect(room, policy, use_case=answers.use_case, now=now),
        **_own_drift(room, release_id, now),
    }
    return {name: evidence for name, evidence in found.items() if evidence is not None}


def _uploads(room: "Room", now: datetime) -> dict[str, Evidence | None]:
    accepted = [u for u in room.portal.uploads() if u.state == UploadState.ACCEPTED]
    in_force = {gate.participant: gate.specification for gate in room.portal.participants()}
    right = [(s := in_force.get(u.participant)) is not None and u.specification_version == s.version for u in accepted]
    failing = [rule.passed for u in accepted for rule in u.quality if rule.severity == "fail"]
    return {
        "spec_version_match_rate": _share(right, now, "accepted uploads under the version that is in force"),
        "dq_pass_rate": _share(failing, now, "rules of severity fail that accepted uploads passed"),
    }


def _audit(room: "Room", now: datetime) -> dict[str, Evidence | None]:
    detail = "hash chain of the room's audit log, from its first event"
    try:
        events = AuditFile(room.settings.audit_file).verify().sequence
    except AuditBroken:
        return {"audit_chain_valid": Evidence(0.0, measured_at=now, cases=1, detail=detail)}
    valid = Evidence(1.0, measured_at=now, cases=events, detail=detail) if events else None
    return {"audit_chain_valid": valid}


def _landed(room: "Room", answers: Answers, now: datetime) -> dict[str, Evidence | None]:
    """Values that are no token where a token must be, and columns that nobody wrote a need for."""
    contracts = load_specification().datasets
    datasets = room.warehouse.query("select distinct dataset from landing.submissions where state = 'accepted'")
    datasets = datasets["dataset"].to_pylist()
    columns = {d: contracts[d].column_names for d in datasets}
    looked_at = [_token_hits(room, d, [f.name for f in landed_schema(contracts[d])]) for d in sorted(datasets)]
    values, hits = sum(v for v, _ in looked_at), sum(h for _, h in looked_at)
    return {
        "raw_id_hits": Evidence(
            hits, measured_at=now, cases=values, detail="landed identifiers without a token's form"
        ),
        "unjustified_fields": Evidence(
            len(answers.unjustified_fields(columns)),
            measured_at=now,
            cases=sum(len(c) for c in columns.values()),
            detail="uploaded fields without a written need",
        ),
    }


def _token_hits(room: "Room", dataset: str, columns: list[str]) -> tuple[int, int]:
    """(values, values that are not 32 lower-case hex digits) over the dataset's token columns."""
    tokens = [c for c in columns if c.endswith("_token")]
    bad = "length({c}) <> 32 or translate({c}, '0123456789abcdef', '') <> ''"
    counted = ", ".join(f"count({c}) as v_{c}, count(case when {bad.format(c=c)} then 1 end) as h_{c}" for c in tokens)
    row = room.warehouse.query(f"select {counted} from landing.{dataset}").to_pylist()[0]
    return sum(row[f"v_{c}"] for c in tokens), sum(row[f"h_{c}"] for c in tokens)


def _deletions(room: "Room", now: datetime) -> dict[str, Evidence | None]:
    """Rows of ended submissions that still lie there, and keys that still open their sealed parts."""
    ended = room.warehouse.query(_ENDED).to_pylist()
    datasets = sorted({r["dataset"] for r in ended})
    rows = sum(room.warehouse.query(_LEFT_ROWS.format(dataset=d))["n"][0].as_py() for d in datasets)
    keys = sum(room.objects.exists(_key_name(r)) for r in ended)
    detail = "rows and keys of withdrawn or replaced submissions that are still there"
    landed = room.warehouse.query("select count(*) as n from landing.submissions")["n"][0].as_py()
    return {
        "overdue_deletions": Evidence(rows + keys, measured_at=now, cases=len(ended), detail=detail) if landed else None
    }


def _key_name(row: dict) -> str:
    return f"{KEYS}/{row['participant']}/{row['dataset']}/{row['sequence']:08d}/{row['draw']}.age"


def _shadow(room: "Room", artefact_digest: str | None, now: datetime) -> dict[str, Evidence | None]:
    """Days of data that this very model scored in shadow; nothing where there was none."""
    if artefact_digest is None or not room.warehouse.table_exists(SCORE_RUNS):
        return {}
    days = room.warehouse.query(_SHADOW_DAYS, [artefact_digest])["days"][0].as_py()
    detail = "days of data that this model scored in shadow"
    return {"shadow_days": Evidence(days, measured_at=now, cases=days, detail=detail) if days else None}


def _own_drift(room: "Room", release_id: str | None, now: datetime) -> dict[str, Evidence | None]:
    """Of the candidate itself, as its last shadow run measured it."""
    moved = drift.last(room, release_id) if release_id else None
    return {"psi_score": moved.scores.at(now)} if moved else {}


def _scanned(room: "Room", policy: Policy, now: datetime) -> dict[str, Evidence | None]:
    """What the engine read in the last day, against the ceiling; nothing where the engine does not say."""
    ceiling, scanned = policy.settings.get("bytes_scanned_per_day"), room.warehouse.bytes_scanned(now - _DAY)
    if not ceiling or scanned is None:
        return {}
    detail = f"{scanned:,} bytes in the last day"
    return {"bytes_scanned_ratio": Evidence(scanned / ceiling, measured_at=now, detail=detail)}


def _share(right: list[bool], now: datetime, detail: str) -> Evidence | None:
    if not right:
        return None
    return Evidence(sum(right) / len(right), measured_at=now, cases=len(right), detail=detail)
