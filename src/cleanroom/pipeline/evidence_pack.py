"""Evidence packs from the room: judged now on the portal's record, signed with the room's key, kept by the portal."""

from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts.messages import PackStanding, ReleaseRecord
from cleanroom.errors import NotFound
from cleanroom.governance.answers import load_answers
from cleanroom.governance.policy import load_policy
from cleanroom.governance.reports import pack, pages
from cleanroom.pipeline import artefacts, gate
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.pipeline.steps import StepResult
from cleanroom.settings import RoomSettings
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.stores.ports import Portal


def written(settings: RoomSettings, *, release_id: str | None, out: Path) -> pages.Judged:
    """Write the pack of a release as it stands now to `out`; None takes the release that stands, else the newest draft.

    Raises NotFound, PortalFault, PolicyInvalid, ReportFault; nothing is written then.
    """
    judged = judged_now(settings, HttpPortal.of(settings), release_id)
    raw = signed(settings, judged)
    partial = out.with_name(out.name + ".partial")
    partial.write_bytes(raw)
    partial.replace(out)
    return judged


def keep(settings: RoomSettings, portal: Portal, *, release_id: str | None = None) -> StepResult:
    """Hand the portal a pack of the release, unless it holds one of the very same standing."""
    judged = judged_now(settings, portal, release_id)
    name = judged.draft.release_id
    standing = [p for p in portal.packs(name) if p.content == judged.content]
    kept = standing[-1] if standing else portal.keep_pack(name, signed(settings, judged))
    return StepResult(rows=0 if standing else 1, detail=_detail(kept))


def judged_now(settings: RoomSettings, portal: Portal, release_id: str | None) -> pages.Judged:
    return pages.judge(
        load_policy(settings.policy_file),
        _record(settings, portal, release_id),
        receivers=gate.participants(portal),
        at=datetime.now(UTC),
    )


def signed(settings: RoomSettings, judged: pages.Judged) -> bytes:
    keys = open_room_keys(settings)
    return pack.build(judged, sign=lambda domain, payload: (keys.signing_public_key, keys.sign(domain, payload)))


def _record(settings: RoomSettings, portal: Portal, release_id: str | None) -> ReleaseRecord:
    if release_id:
        return portal.release(release_id)
    if standing := portal.current_release(load_answers().use_case):
        return standing
    latest = artefacts.latest(settings)
    if latest is None or latest.release_id is None:
        raise NotFound("there is no release yet; run the evaluation of the release first")
    return portal.release(latest.release_id)


def _detail(kept: PackStanding) -> dict[str, object]:
    return {"release": kept.release_id, "pack": kept.pack, "gate_open": kept.allowed}
