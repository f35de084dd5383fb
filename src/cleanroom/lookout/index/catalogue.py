"""Which files make up the index now: `current.json`, replaced as a whole once all that it names is durable."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cleanroom.contracts.whole_files import sync_directory
from cleanroom.errors import IndexDamaged
from cleanroom.lookout.index.container import Named, damaged
from cleanroom.vocabulary.both import Both

FORMAT = 1
CURRENT = "current.json"
_BESIDE = ".current.json.new"


@dataclass(frozen=True)
class State:
    """`accounts` have tokens in the file `tokens` (16 bytes each, `token_blocks` their checksums). `ties`: None where
    none were published."""

    state: int
    generation: int
    seed: int
    accounts: int
    tokens: str
    token_blocks: list[int]
    base: Named
    delta: Named | None
    ties: Named | None = None
    format: int = field(default=FORMAT)


def read(folder: Path) -> State:
    """Raises IndexDamaged where there is none, or one that nobody wrote like that, or one of another version."""
    try:
        content = json.loads((folder / CURRENT).read_bytes())
        body, digest = content["index"], content["sha256"]
    except FileNotFoundError:
        raise IndexDamaged(
            "there is no index in this folder; build one from the published transfers",
            zh="此資料夾內無索引；請以已發布之交易建立", rule="no_index",
        ) from None  # fmt: skip
    except (ValueError, KeyError, TypeError):
        raise damaged(CURRENT, Both("can't be read", "無法讀取")) from None
    if digest != _digest(body):
        raise damaged(CURRENT, Both("is not what was written", "與寫入時不同"))
    if body["format"] != FORMAT:
        raise damaged(
            CURRENT,
            Both(
                f"has format {body['format']}, and this version reads format {FORMAT}",
                f"格式為 {body['format']}，此版本僅能讀取格式 {FORMAT}",
            ),
        )
    named = {part: Named(**body[part]) for part in ("base", "delta", "ties") if body.get(part)}
    return State(**{**body, **named})


def publish(folder: Path, state: State) -> None:
    """Durable and visible at once: what the state names must be durable before. Removes what no state needs."""
    body = asdict(state)
    beside = folder / _BESIDE
    with open(beside, "wb") as file:
        file.write(json.dumps({"index": body, "sha256": _digest(body)}).encode())
        file.flush()
        os.fsync(file.fileno())
    sync_directory(folder)
    beside.replace(folder / CURRENT)
    sync_directory(folder)


def remove_others(folder: Path, state: State | None) -> None:
    """Files of states that are no longer, or never came to be. Readers that map them keep them."""
    parts = (state.base, state.delta, state.ties) if state else ()
    needed = {part.file for part in parts if part} | ({state.tokens} if state else set())
    for kind in ("base-*", "delta-*", "tokens-*", "ties-*"):
        for path in folder.glob(kind):
            if path.name not in needed:
                path.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """What a killed writer was about to make."""
    for path in (*folder.glob("merging-*"), folder / _BESIDE):
        path.unlink(missing_ok=True)


def _digest(body: dict) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
