"""Evidence packs from the room: judged now on the portal's record, signed with the room's key, kept by the portal."""

from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts.governance import PackStanding, ReleaseRecord
from cleanroom.errors import NotFound, ReportFault
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


def keep(settings: RoomSettings, portal: Portal) -> StepResult:
    """Hand the portal a pack of the release that stands and of the newest draft; none of a standing that it holds.

    `rows`: how many were new.
    """
    names = dict.fromkeys(r.draft.release_id for r in _records(settings, portal))
    kept = {name: _kept(settings, portal, name) for name in names}
    return StepResult(rows=sum(is_new for _, is_new in kept.values()), detail=_detail([p for p, _ in kept.values()]))


def _kept(settings: RoomSettings, portal: Portal, name: str) -> tuple[PackStanding, bool]:
    judged = judged_now(settings, portal, name)
    same = [p for p in portal.packs(name) if p.content == judged.content]
    return (same[-1], False) if same else (portal.keep_pack(name, _signed_as_can_be(settings, judged)), True)


def judged_now(settings: RoomSettings, portal: Portal, release_id: str | None) -> pages.Judged:
    return pages.judge(
        load_policy(settings.policy_file),
        _record(settings, portal, release_id),
        receivers=gate.participants(portal),
        at=datetime.now(UTC),
    )


def signed(settings: RoomSettings, judged: pages.Judged, *, with_pdf: bool = True) -> bytes:
    """Raises ReportFault where PDFs are wanted and this machine cannot draw them."""
    keys = open_room_keys(settings)
    return pack.build(
        judged,
        sign=lambda domain, payload: (keys.signing_public_key, keys.sign(domain, payload)),
        with_pdf=with_pdf,
    )


def _signed_as_can_be(settings: RoomSettings, judged: pages.Judged) -> bytes:
    """On a machine that draws no PDF the line goes on with the HTML pages, which say the same."""
    try:
        return signed(settings, judged)
    except ReportFault:
        return signed(settings, judged, with_pdf=False)


def _record(settings: RoomSettings, portal: Portal, release_id: str | None) -> ReleaseRecord:
    return portal.release(release_id) if release_id else _records(settings, portal)[0]


def _records(settings: RoomSettings, portal: Portal) -> list[ReleaseRecord]:
    """The release that stands, then the newest draft. Raises NotFound where there is neither."""
    standing, latest = portal.current_release(load_answers().use_case), artefacts.latest(settings)
    found = [standing] if standing else []
    if latest and latest.release_id:
        found.append(portal.release(latest.release_id))
    if not found:
        raise NotFound("there is no release yet; run the evaluation of the release first")
    return found


def _detail(kept: list[PackStanding]) -> dict[str, object]:
    return {p.release_id: f"gate {'open' if p.allowed else 'shut'}, pack {p.pack[:16]}" for p in kept}
