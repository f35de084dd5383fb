"""The folders of a kept state: `current` names the one that holds; one built anew takes its place in one rename."""

import fcntl
import hashlib
import shutil
from pathlib import Path

import pyarrow.parquet as pq

from cleanroom.errors import IndexDamaged, NotAllowed
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.verdicts.head import Slot
from cleanroom.lookout.verdicts.listings import Listing, as_table, read_listings
from cleanroom.lookout.verdicts.sources import Placed

_FINGERPRINTED = 4096  # tokens
_NUMBERED = ("period-*", "ledger-*", "listings-*")


def current(folder: Path) -> Path:
    """The folder that holds. Raises IndexDamaged where there is none."""
    try:
        return folder / (folder / "current").read_text().strip()
    except OSError as error:
        raise IndexDamaged(
            "there are no kept verdicts yet; the keeper makes them", zh="尚無判定；將由維護程序計算"
        ) from error


def next_home(folder: Path) -> Path:
    """An empty folder beside those that are there."""
    taken = [int(path.name.removeprefix("home-")) for path in folder.glob("home-*")]
    home = folder / f"home-{max(taken, default=0) + 1}"
    home.mkdir(parents=True)
    return home


def settle(folder: Path, home: Path) -> None:
    """From here on `home` is the one that holds; the others go."""
    beside = folder / ".current"
    beside.write_text(home.name)
    beside.replace(folder / "current")
    for other in folder.glob("home-*"):
        if other != home:
            shutil.rmtree(other)


def lock(folder: Path):
    """One keeper at a time; held until the returned file is closed. Raises NotAllowed where another one runs."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "keeper.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise NotAllowed(
            "another keeper holds these verdicts; end it first", zh="另一維護程序正持有此判定；請先結束該程序"
        ) from error
    return file


def fingerprint(graph: Graph, tokens: int | None = None) -> tuple[int, bytes]:
    """(number of tokens, 16 bytes over them): account numbers never change, so an index keeps it for life."""
    count = min(_FINGERPRINTED, graph.accounts) if tokens is None else tokens
    return count, hashlib.blake2b(graph.tokens[:count].tobytes(), digest_size=16).digest()


def belongs_to(slot: Slot, graph: Graph) -> bool:
    if slot.accounts > graph.accounts or slot.index_state > graph.state:
        return False
    return fingerprint(graph, slot.fingerprinted) == (slot.fingerprinted, slot.fingerprint)


def write_listings(home: Path, number: int, placed: tuple[Placed, ...]) -> None:
    accounts = [-1 if one.account is None else one.account for one in placed]
    table = as_table(one.listing for one in placed).append_column("account", [accounts] if accounts else [[]])
    pq.write_table(table, home / f"listings-{number}")


def kept_listings(home: Path, number: int) -> tuple[Listing, ...]:
    """Raises IndexDamaged where they can't be read."""
    try:
        return read_listings(home / f"listings-{number}")
    except (OSError, ValueError) as error:
        raise IndexDamaged(
            "the listings of the kept verdicts are missing or damaged; they are built anew",
            zh="所存判定之名單遺失或毀損；將重新計算",
        ) from error


def sweep(home: Path, keep: set[str]) -> None:
    """Files of earlier states go."""
    for pattern in _NUMBERED:
        for path in home.glob(pattern):
            if path.name not in keep:
                path.unlink(missing_ok=True)
