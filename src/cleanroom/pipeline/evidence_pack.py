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
from cleanroom.vocabulary.terms import ReleaseState

_AWAITING = (ReleaseState.SUBMITTED, ReleaseState.APPROVED)


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
    """Hand the portal a pack of the release that stands, of every one that awaits signatures and of the newest draft;
    none of a standing that it holds.

    `rows`: how many were new.
    """
    policy, receivers = load_policy(settings.policy_file), gate.participants(portal)
    kept = [
        _kept(settings, portal, pages.judge(policy, record, receivers=receivers, at=datetime.now(UTC)))
        for record in _records(settings, portal)
    ]
    return StepResult(rows=sum(is_new for _, is_new in kept), detail=_detail([p for p, _ in kept]))


def _kept(settings: RoomSettings, portal: Portal, judged: pages.Judged) -> tuple[PackStanding, bool]:
    name = judged.draft.release_id
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
    """Of that name; None takes the release that stands, else the newest draft."""
    if release_id:
        return _of_name(portal, release_id)
    latest = artefacts.latest(settings)
    standing = portal.current_release(load_answers().use_case)
    if standing is None and latest and latest.release_id:
        return portal.release(latest.release_id)
    return standing or _records(settings, portal)[0]


def _of_name(portal: Portal, release_id: str) -> ReleaseRecord:
    try:
        return portal.release(release_id)
    except NotFound:
        raise NotFound("the portal holds no release of that id; its page Releases lists them all",
                       zh="入口網站無此代號之發布；請見其發布頁面之清單") from None  # fmt: skip


def _records(settings: RoomSettings, portal: Portal) -> list[ReleaseRecord]:
    """The release that stands, those that await signatures, the newest draft; each once. Raises NotFound without any.

    Each is asked for once: who has the newest draft is told by this room.
    """
    use_case, latest = load_answers().use_case, artefacts.latest(settings)
    standing = portal.current_release(use_case)
    newest = latest.release_id if latest else None
    others = [r for r in portal.releases() if r.draft.use_case == use_case
              and (r.state in _AWAITING or r.draft.release_id == newest)]  # fmt: skip
    found = {r.draft.release_id: r for r in (*([standing] if standing else []), *others)}
    if not found:
        raise NotFound("there is no release yet; run the evaluation of the release first",
                       zh="尚無任何發布；請先執行發布之評估")  # fmt: skip
    return list(found.values())


def _detail(kept: list[PackStanding]) -> dict[str, object]:
    return {p.release_id: f"gate {'open' if p.allowed else 'shut'}, pack {p.pack[:16]}" for p in kept}
