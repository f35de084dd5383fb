"""One part of a submission, in a worker: opened, checked, hashed a second time, judged. First hashes end here.

The worker opens the key ring and the submission's key itself: no secret and no first hash goes through a pipe.
"""

import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cleanroom.contracts.manifest import Manifest, Part
from cleanroom.contracts.specification import DatasetContract, load_specification
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.errors import KeyRefused, ServiceFault, StoreFault
from cleanroom.intake import opening, rows
from cleanroom.pipeline import keys
from cleanroom.quality.gate import Gate, Partial
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Incoming


@dataclass(frozen=True)
class Job:
    """What every worker on one submission is told."""

    manifest: Manifest
    sealed_key: bytes
    known_institutions: tuple[str, ...]
    gate: Gate
    aliases: Mapping[str, str] = field(
        default_factory=dict
    )  # token under this first-hash key -> the name that the graph knows


@dataclass(frozen=True)
class Opener:
    """What a worker holds: the keys that it opened, in its memory alone."""

    job: Job
    contract: DatasetContract
    identity: str
    second_hash: rows.SecondHash

    def __repr__(self) -> str:
        return "<Opener>"  # a traceback must not show keys


@dataclass(frozen=True)
class OpenedPart:
    """`first` and `last`: row numbers; None where the part is empty."""

    first: int | None
    last: int | None
    incoming: Incoming
    judged: Partial


def open_here(ring: RoomKeyRing, job: Job) -> Opener:
    no_memory_images()
    manifest = job.manifest
    second = ring.second_hash(scheme=manifest.scheme, participant=manifest.participant, kid=manifest.hash_kid)
    return Opener(
        job=job,
        contract=load_specification(manifest.specification_version).datasets[manifest.dataset],
        identity=opening.open_key(job.sealed_key, manifest, ring),
        second_hash=replace(second, aliases=job.aliases),
    )


def open_in_worker(settings: RoomSettings, job: Job) -> Opener:
    try:
        ring = keys.open_room_keys(settings)
    except KeyRefused as e:  # this process opened it a moment ago: no fault of the submission
        raise ServiceFault(
            f"a worker could not open the room's key ring: {e.sentence}",
            zh=f"工作程序無法開啟無塵室之金鑰環：{e.zh}",
            rule="worker_keys",
        ) from None
    return open_here(ring, job)


def open_one(opener: Opener, item: tuple[Path, Part]) -> OpenedPart:
    """Raises the refusal of the first check that does not hold; StoreFault where the scratch folder is full."""
    path, part = item
    job = opener.job
    with _disk_faults():
        sealed = opening.open_part(path, part, opener.contract, opener.identity)
        path.unlink()
        rows.check_owner(sealed, opener.contract, participant=job.manifest.participant, known=job.known_institutions)
        landed = rows.second_hash(sealed, opener.contract, opener.second_hash)
        handles = rows.handles_of(sealed, landed, opener.contract)
        numbers = landed["row_number"]
        ends = (numbers[0].as_py(), numbers[-1].as_py()) if len(numbers) else (None, None)
        return OpenedPart(*ends, Incoming(landed, handles), job.gate.check(landed))


def no_memory_images() -> None:
    """A core dump would hold keys and first hashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@contextmanager
def _disk_faults() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise StoreFault(
            f"the room's scratch folder could not be used ({type(e).__name__}); make room and run it again",
            zh=f"無塵室之暫存資料夾無法使用（{type(e).__name__}）；請騰出空間後再執行",
            rule="scratch",
        ) from e
