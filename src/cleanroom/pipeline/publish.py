"""Publishing a result: kept as a file of the room's, then sent to the portal, whose page shows the copy."""

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from cleanroom.contracts.messages import ResultPublication

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

Kind = Literal["blocked", "detection", "layers", "legs", "dispatch", "shadow"]


def publish(room: "Room", kind: Kind, body: dict[str, Any], *, run_id: str = "") -> ResultPublication:
    """Write `<results_dir>/<kind>.json` whole, then publish. Raises PortalFault; the file then stands already and the
    same call again publishes it."""
    result = ResultPublication(run_id=run_id, kind=kind, computed_at=datetime.now(UTC), body=body)
    folder = room.settings.results_dir
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{kind}.part"
    temporary.write_text(json.dumps(result.model_dump(mode="json"), ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(temporary, folder / f"{kind}.json")
    room.portal.publish_result(result)
    return result
