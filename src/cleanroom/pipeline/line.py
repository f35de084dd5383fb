"""The line: every step in order, each callable by itself. DAG tasks and the command line call these and `upload`.

Each function opens what it needs, does one station's step, records it under `run_id` and closes everything again, so
that steps may run in any process; the same step again with the same input changes nothing.
"""

import json
from collections.abc import Callable
from typing import Any

import yaml

from cleanroom.contracts.messages import StationRun
from cleanroom.errors import SettingsInvalid, Where
from cleanroom.governance.gate import Decision
from cleanroom.pipeline import (
    audit_verifying,
    checkpoints,
    dispatch,
    evaluation,
    evidence_pack,
    gate,
    intake,
    moneyflow,
    onboarding,
    scoring,
    surveillance,
)
from cleanroom.pipeline import shadow_view as shadow_view_
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.pipeline.room import Room, open_room
from cleanroom.pipeline.steps import StepResult, run_step
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal

# Station, step and whose side it runs on, in the order in which the data walks. README, docs and the DAG tests read it.
LINE = (
    ("sealing", "seal_and_upload", "participant"),  # in `upload`: the participant's side imports nothing of the room
    ("intake", "take_in", "room"),
    ("moneyflow", "build", "room"),
    ("scoring", "train", "room"),
    ("scoring", "evaluate", "room"),
    ("scoring", "score", "room"),
    ("scoring", "pack", "room"),
    ("dispatch", "dispatch", "room"),
    ("evaluation", "evaluate", "room"),
)


def check_onboarding(settings: RoomSettings, *, participant: str) -> dict[str, Any]:
    """Everything that must be there before a first upload. Raises the refusal of what is missing."""
    portal = HttpPortal.of(settings)
    return onboarding.check(portal, participant=participant)


def check_specification(settings: RoomSettings, *, participant: str) -> dict[str, Any]:
    """That the participant works under the specification in force, and that this software holds that very text."""
    portal = HttpPortal.of(settings)
    return onboarding.check_specification(portal.gate(participant))


def verify_audit(settings: RoomSettings) -> dict[str, Any]:
    """The room's whole log: chain, checkpoints, cosignatures. Raises AuditBroken, which names the first bad event."""
    gates = HttpPortal.of(settings).participants()
    signing = {g.participant: [k.public_key for k in g.keys if k.purpose == "signing"] for g in gates}
    found = audit_verifying.verify(
        settings.audit_file,
        objects=open_object_store(settings.object_store, settings.objects_dir, ca_file=settings.ca_file),
        room_keys=[open_room_keys(settings).signing_public_key],
        participant_keys=signing,
    )
    return {"events": found.head.sequence, "checkpoints": found.checkpoints, "covered": found.covered}


def participants(settings: RoomSettings) -> list[str]:
    """Codes of all active participants."""
    portal = HttpPortal.of(settings)
    return sorted(gate.participant for gate in portal.participants() if gate.state == "active")


def take_in(settings: RoomSettings, *, run_id: str, participant: str) -> StationRun:
    return _in_room(settings, run_id, "intake", "take_in", lambda room: intake.take_in(room, participant=participant))


def build_moneyflow(settings: RoomSettings, *, run_id: str, full: bool = False) -> StationRun:
    """`full` builds every layer anew instead of following what changed. Done also where the portal does not answer."""
    return _in_room(
        settings,
        run_id,
        "moneyflow",
        "build",
        lambda room: moneyflow.build(room, run_id=run_id, full=full),
        needs_portal=False,
    )


def train(settings: RoomSettings, *, run_id: str, anew: bool = False) -> StationRun:
    """Another model, unless the one before still earns its shadow days; `anew` trains at once."""
    return _in_room(settings, run_id, "scoring", "train", lambda room: scoring.train(room, anew=anew))


def evaluate_release(settings: RoomSettings, *, run_id: str) -> StationRun:
    """Draft the release of the latest model, or measure the candidate again; submitted once only signatures lack."""
    request = release_request(settings)
    return _in_room(settings, run_id, "scoring", "evaluate", lambda room: scoring.evaluate(room, **request))


def score(settings: RoomSettings, *, run_id: str) -> StationRun:
    """With a valid certificate released scores, without one shadow scores: kept, never sent."""
    return _in_room(settings, run_id, "scoring", "score", lambda room: scoring.score(room, shadow=True))


def pack_releases(settings: RoomSettings, *, run_id: str) -> StationRun:
    """Hand the portal an evidence pack of each release that is in force, awaits signatures or was drafted last."""
    return _in_room(settings, run_id, "scoring", "pack", lambda room: evidence_pack.keep(settings, room.portal))


def gate_is_open(settings: RoomSettings) -> bool:
    """Whether a release with a valid certificate stands; the dispatch itself checks again and fails closed."""
    return ask_gate(settings).is_open


def dispatch_warnings(settings: RoomSettings, *, run_id: str) -> StationRun:
    return _in_room(settings, run_id, "dispatch", "dispatch", lambda room: dispatch.dispatch(room, run_id=run_id))


def evaluate_outcomes(settings: RoomSettings, *, run_id: str) -> StationRun:
    truth = json.loads(settings.truth_file.read_text()) if settings.truth_file.exists() else None
    return _in_room(
        settings,
        run_id,
        "evaluation",
        "evaluate",
        lambda room: evaluation.evaluate(room, run_id=run_id, truth_tokens=truth),
    )


def latest_release_id(settings: RoomSettings) -> str:
    """The release that this room drafted last. Raises NothingToDo where there is none."""
    return scoring.latest_release_id(settings)


def ask_gate(settings: RoomSettings, *, presented: str | None = None) -> Decision:
    """What the gate says now; raises where nothing could be decided (see pipeline.gate)."""
    return gate.ask(gate.Desk.of(settings), presented=presented)


def watch_release(settings: RoomSettings) -> surveillance.Watched:
    """Suspend the release in force where an incident, a waiver's end, stale evidence or its own end asks for it."""
    return surveillance.watch(gate.Desk.of(settings))


def shadow_view(settings: RoomSettings) -> shadow_view_.View:
    """What the models in the shadow would have come to, beside the released one; the portal is not asked."""
    with open_room(settings) as room:
        return shadow_view_.view(room)


def release_request(settings: RoomSettings) -> dict[str, Any]:
    """Who built the model, and what its owner declares over the answers that this release carries.

    `developer` is required; `factors`, `declared` and `evidence_documents` may be given (pipeline.release_request).
    """
    path = settings.release_request_file
    where = Where(file=str(path))
    if not path.exists():
        raise SettingsInvalid(
            "the release request is missing; write a line there, `developer: <user name of who built the model>`",
            zh="缺少發布申請；請於該處寫入一行 `developer: <模型開發人員之使用者名稱>`",
            where=where,
        )
    request = yaml.safe_load(path.read_text(encoding="utf-8"))
    allowed = {"developer", "factors", "declared", "evidence_documents"}
    if not isinstance(request, dict) or "developer" not in request or not set(request) <= allowed:
        raise SettingsInvalid(f"the release request needs developer, and may hold: {', '.join(sorted(allowed))}",
zh=f"發布申請須有 developer，且僅得含：{'、'.join(sorted(allowed))}"
,
                              where=where)  # fmt: skip
    return request


def _in_room(
    settings: RoomSettings,
    run_id: str,
    station: str,
    step: str,
    work: Callable[[Room], StepResult],
    *,
    needs_portal: bool = True,
) -> StationRun:
    with open_room(settings) as room, checkpoints.published_after(room, needs_portal=needs_portal):
        return run_step(
            lambda: work(room),
            run_id=run_id,
            station=station,
            step=step,
            portal=room.portal,
            runs_dir=settings.runs_dir,
            needs_portal=needs_portal,
        )
