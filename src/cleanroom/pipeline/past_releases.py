"""Past releases for a replay: all that the portal holds, or the records in a folder, one JSON file each."""

from pathlib import Path

from pydantic import ValidationError

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.errors import NothingToDo, RequestInvalid, Where
from cleanroom.governance.policy import Policy
from cleanroom.governance.what_if import Replay, replay
from cleanroom.pipeline.gate import participants
from cleanroom.settings import RoomSettings
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.stores.ports import Portal


def replay_folder(folder: Path, *, before: Policy, after: Policy) -> Replay:
    """Receivers are those whose reviewers signed. Raises RequestInvalid naming a file that holds no release record,
    NothingToDo for a folder without any."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NothingToDo(
            "the folder holds no release record; put one JSON file for each there",
            zh="資料夾內無發布紀錄；請放入每次發布一個 JSON 檔",
            where=_at(folder),
        )
    return replay(before, after, [_record(file) for file in files])


def replay_portal(settings: RoomSettings, *, before: Policy, after: Policy, portal: Portal | None = None) -> Replay:
    """Every release that the portal holds, for its active participants. Raises NothingToDo where it holds none."""
    portal = portal or HttpPortal.of(settings)
    records = portal.releases()
    if not records:
        raise NothingToDo(
            "the portal holds no release yet, so there is nothing to replay a policy over",
            zh="入口網站尚無發布，無可重演",
        )
    return replay(before, after, records, participants=participants(portal))


def _record(file: Path) -> ReleaseRecord:
    try:
        return ReleaseRecord.model_validate_json(file.read_bytes())
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(str(p) for p in first["loc"]) or "the whole file"
        raise RequestInvalid(
            f"this is no release record: {place}: {first['msg']}",
            zh=f"此檔非發布紀錄：{place}：{first['msg']}",
            where=_at(file),
        ) from None


def _at(path: Path) -> Where:
    return Where(file=path.name)
