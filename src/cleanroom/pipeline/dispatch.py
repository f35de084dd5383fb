"""The dispatch station: from released scores to sealed warnings at the portal's outbox.

The gate comes first and fails closed. The portal's outbox is the truth about what was sent: what it holds already is
never composed again, so a killed run is simply run again.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.messages import AuditEvent, ParticipantGate, WarningMessage, WarningStanding
from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.dispatch.candidates import Candidate, care_candidates, mule_candidates, steps_by_account
from cleanroom.dispatch.composing import compose, sealing_key, warning_ids
from cleanroom.dispatch.rules import DispatchRules
from cleanroom.dispatch.selection import Numbered, Selection, select
from cleanroom.errors import NotAllowed, NothingToDo
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.gate import certified_release
from cleanroom.pipeline.publish import publish
from cleanroom.pipeline.steps import StepResult
from cleanroom.scoring.reasons import reason_texts
from cleanroom.stores.ports import Warehouse

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

SELECTION = ("marts.dispatch",)
SENT = "dispatch.sent_warnings"
BATCH = 100  # warnings per request; the portal takes a batch whole or not at all
_TAIPEI = ZoneInfo("Asia/Taipei")
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,80}")

# What was sent about which account: stays in the room, for evaluation and so that nothing is sent twice.
SENT_SCHEMA = pa.schema(
    [
        pa.field("warning_id", pa.string(), nullable=False),
        pa.field("account_token", pa.string(), nullable=False),
        pa.field("cause_token", pa.string()),  # what the warning is about, where it is an account
        pa.field("institution", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("release_id", pa.string(), nullable=False),
        pa.field("as_of", UTC_TIMESTAMP, nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("layer", pa.int64()),
        pa.field("amount_bound_cents", pa.int64(), nullable=False),
        pa.field("recorded_at", UTC_TIMESTAMP, nullable=False),
    ]
)

_SCORED = """
select count(*) as n from scoring.account_scores as scores
inner join moneyflow.int_moneyflow__as_of as cut_offs on cut_offs.as_of = scores.as_of and cut_offs.is_latest
where scores.mode = 'released' and scores.release_id = ?
"""
# Dispatch alone reads the way back; the latest submission's handle, and only the account's own institution's.
_HANDLES = """
select handles.account_token, handles.participant, handles.handle
from routing.handles as handles
inner join landing.submissions as submissions on submissions.submission_id = handles.submission_id
inner join (
  select account_token from dispatch.warning_candidates
  union distinct
  select account_token from dispatch.care_candidates
) as wanted on wanted.account_token = handles.account_token
order by submissions.sequence
"""


def dispatch(room: "Room", *, run_id: str = "", rules: DispatchRules | None = None) -> StepResult:
    """Compose, seal and send the warnings that are due; publish `dispatch`.

    Raises GateClosed before anything is read, NothingToDo where the released model has not scored the latest data,
    KeyRefused where a receiving institution has no sealing key, and the stores' faults.
    """
    rules = rules or DispatchRules()
    record = certified_release(room)
    _check_scored(room.warehouse, record)
    _build_marts(room, record, rules)
    numbered = _numbered(room, _candidates(room.warehouse, rules))
    standings, gates = room.portal.warnings(), _active(room.portal.participants())
    now = datetime.now(UTC)  # of composing: the institutions' clocks run from here
    chosen = select(
        numbered,
        known_ids={s.warning_id for s in standings},
        receivers=gates,
        held_by=record.held_by,
        sent_today=_sent_on(standings, now.astimezone(_TAIPEI).date()),
        daily_cap=rules.daily_cap,
    )
    accepted = _send(room, chosen, gates, record, now)
    _record_sent(room.warehouse, (*chosen.known, *chosen.send), record, now)
    _audit(room, record, accepted, now)
    publish(room, "dispatch", _body(chosen, record, rules), run_id=run_id)
    return StepResult(rows=len(numbered), detail=_detail(chosen, accepted))


def ensure_sent_table(warehouse: Warehouse) -> None:
    """The table of sent warnings is there, empty before the first dispatch."""
    if not warehouse.table_exists(SENT):
        warehouse.replace_rows(SENT, SENT_SCHEMA.empty_table(), where="false")


def _check_scored(warehouse: Warehouse, record: ReleaseRecord) -> None:
    name = record.draft.release_id
    if not _PLAIN.fullmatch(name):  # it becomes part of the marts' SQL
        raise NotAllowed(
            "the release's name holds other characters than letters, digits and . _ -",
            zh="發布版本代號僅得含英文字母、數字及 . _ -",
            rule="release_id",
        )
    scored = warehouse.table_exists("scoring.account_scores") and warehouse.query(_SCORED, [name])["n"][0].as_py()
    if not scored:
        raise NothingToDo(
            f"the release {name} has no released scores at the latest cut-off; run the scoring step again",
            zh=f"發布 {name} 於最新截止時點無正式評分；請再執行評分",
            rule="no_released_scores",
        )


def _build_marts(room: "Room", record: ReleaseRecord, rules: DispatchRules) -> None:
    variables = {
        "release_id": record.draft.release_id,
        "warning_capacity": room.settings.warning_capacity,
        "care_capacity": rules.care_capacity,
    }
    run_dbt(room, "build", SELECTION, variables, options=("--exclude-resource-type", "unit_test"))


def _candidates(warehouse: Warehouse, rules: DispatchRules) -> list[Candidate]:
    paths = steps_by_account(warehouse.query("select * from dispatch.warning_paths").to_pylist())
    mules = warehouse.query("select * from dispatch.warning_candidates").to_pylist()
    victims = warehouse.query("select * from dispatch.care_candidates").to_pylist()
    return mule_candidates(mules, paths, rules, _model_texts) + care_candidates(victims, rules)


def _model_texts(codes: str | None) -> tuple[dict[str, str], ...]:
    return reason_texts(json.loads(codes or "[]"))


def _numbered(room: "Room", candidates: Sequence[Candidate]) -> list[Numbered]:
    handles = {(h["account_token"], h["participant"]): h["handle"] for h in room.warehouse.query(_HANDLES).to_pylist()}
    numbers = warning_ids(room.keys, [c.identity for c in candidates])
    remembered = _remembered(room.warehouse)
    return [
        Numbered(remembered.get(_about(c), number), c, handles.get((c.account_token, c.institution)))
        for number, c in zip(numbers, candidates, strict=True)
    ]


def _remembered(warehouse: Warehouse) -> dict[tuple[str, str, str | None], str]:
    """The numbers of warnings that were sent. A number is made from tokens; when those are renamed by a rotation of
    keys, it stays what it was, or everything would be sent once more."""
    if not warehouse.table_exists(SENT):
        return {}
    sent = warehouse.query(f"select kind, account_token, cause_token, warning_id from {SENT}").to_pylist()
    return {(w["kind"], w["account_token"], w["cause_token"]): w["warning_id"] for w in sent}


def _about(c: Candidate) -> tuple[str, str, str | None]:
    return str(c.kind), c.account_token, c.cause_token


def _active(gates: Sequence[ParticipantGate]) -> dict[str, ParticipantGate]:
    return {gate.participant: gate for gate in gates if gate.state == "active"}


def _sent_on(standings: Sequence[WarningStanding], day: date) -> Counter[str]:
    """Per institution, the warnings composed on that day in Asia/Taipei."""
    return Counter(s.participant for s in standings if s.composed_at.astimezone(_TAIPEI).date() == day)


def _send(
    room: "Room", chosen: Selection, gates: dict[str, ParticipantGate], record: ReleaseRecord, now: datetime
) -> int:
    recipients = {code: sealing_key(gates[code]) for code in {n.candidate.institution for n in chosen.send}}
    accepted = 0
    for start in range(0, len(chosen.send), BATCH):
        batch = [
            _compose(room, n, recipients[n.candidate.institution], record, now)
            for n in chosen.send[start : start + BATCH]
        ]
        accepted += room.portal.send_warnings(batch)
    return accepted


def _compose(room: "Room", one: Numbered, recipient: str, record: ReleaseRecord, now: datetime) -> WarningMessage:
    return compose(
        one,
        recipient=recipient,
        release_id=record.draft.release_id,
        sign=room.keys.sign,
        signing_kid=room.keys.signing_kid,
        now=now,
    )


def _record_sent(warehouse: Warehouse, sent: Sequence[Numbered], record: ReleaseRecord, now: datetime) -> None:
    """Add what is not recorded yet; a run that was killed after sending is made good here."""
    ensure_sent_table(warehouse)
    recorded = set(warehouse.query(f"select warning_id from {SENT}")["warning_id"].to_pylist())
    rows = [_sent_row(n, record, now) for n in sent if n.warning_id not in recorded]
    if rows:
        warehouse.replace_rows(SENT, pa.Table.from_pylist(rows, schema=SENT_SCHEMA), where="false")


def _sent_row(one: Numbered, record: ReleaseRecord, now: datetime) -> dict[str, Any]:
    c = one.candidate
    return {
        "warning_id": one.warning_id,
        "account_token": c.account_token,
        "cause_token": c.cause_token,
        "institution": c.institution,
        "kind": str(c.kind),
        "severity": str(c.severity),
        "release_id": record.draft.release_id,
        "as_of": c.as_of,
        "score": c.score,
        "layer": c.layer,
        "amount_bound_cents": c.amount_bound_cents,
        "recorded_at": now,
    }


def _audit(room: "Room", record: ReleaseRecord, accepted: int, now: datetime) -> None:
    event = AuditEvent(
        at=now,
        actor="room",
        verb="warnings.dispatched",
        subject=f"release:{record.draft.release_id}",
        detail={"accepted": accepted},
    )
    room.portal.record_event(event)


def _body(chosen: Selection, record: ReleaseRecord, rules: DispatchRules) -> dict[str, Any]:
    """Counts alone: per institution what was sent, by kind and severity, and what was not, by why."""
    institutions: dict[str, Counter[str]] = {}
    for name in Selection.__dataclass_fields__:
        for one in getattr(chosen, name):
            counts = institutions.setdefault(one.candidate.institution, Counter())
            counts[name] += 1
            if name in ("send", "known"):
                counts[f"{one.candidate.kind}"] += 1
                counts[f"{one.candidate.severity}"] += 1
    return {
        "release_id": record.draft.release_id,
        "daily_cap": rules.daily_cap,
        "institutions": {code: dict(sorted(counts.items())) for code, counts in sorted(institutions.items())},
        "totals": {name: len(getattr(chosen, name)) for name in Selection.__dataclass_fields__},
    }


def _detail(chosen: Selection, accepted: int) -> dict[str, int]:
    kinds = Counter(str(n.candidate.kind) for n in chosen.send)
    left = {name: len(getattr(chosen, name)) for name in ("known", "unroutable", "held", "capped")}
    return {"sent": len(chosen.send), "mule": kinds["mule"], "care": kinds["care"], "accepted": accepted} | left
