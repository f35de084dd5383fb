"""How fast an institution seals its transfers, and how much memory that takes.

    python -m benchmarks.sealing --rows 1000000 --format csv

Prints rows per second of the whole way from the clear file to the sealed submission, the most memory that all
processes held together, and what each stage of a batch costs in one process.
"""

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.memory import watched
from benchmarks.spent import Spent
from benchmarks.transfers import UPLOADER, write_folder
from cleanroom.pipeline import keys
from cleanroom.pipeline.progress import silent
from cleanroom.pipeline.sealing.side import Side, open_side
from cleanroom.pipeline.sealing.submitting import Sealing
from cleanroom.quality import engine
from cleanroom.quality.gate import Gate
from cleanroom.sealing.findings import ROW_CAP
from cleanroom.sealing.outbox import Outbox
from cleanroom.sealing.reading import read_batches
from cleanroom.sealing.rows import Rules, check_batch
from cleanroom.sealing.submission import hash_rows, write_key, write_part
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.objects_local import LocalObjectStore
from tests.fakes.portal import MemoryPortal


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as home:
        settings = _settings(Path(home))
        file = write_folder(settings.data_dir, rows=options.rows, form=options.format)
        print(f"{options.rows:,} rows, {file.stat().st_size / 1024**2:,.0f} MiB of {options.format}")
        side = open_side(settings, portal=_agreed(settings, Path(home) / "room"))
        if options.stages:
            _time_stages(side, batches=options.stages)
        _time_sealing(side, workers=options.workers)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--workers", type=int, help="processes (default: one per core)")
    parser.add_argument("--stages", type=int, default=4, metavar="BATCHES", help="time the stages of so many batches")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's temporary folder)")
    return parser.parse_args()


def _settings(home: Path) -> ParticipantSettings:
    return ParticipantSettings(institution=UPLOADER, home=home / UPLOADER, data_dir=home / UPLOADER / "data")


def _agreed(settings: ParticipantSettings, room: Path) -> MemoryPortal:
    """Keys made and registered, agreement and specification in force."""
    keys.init_participant_keys(settings.keys, institution=UPLOADER, demo=True)
    portal = MemoryPortal()
    portal.invite(keys.open_participant_keys(settings), keys.init_room_keys(room, demo=True))
    standing = portal.gate(UPLOADER)
    portal.gates[UPLOADER] = standing.model_copy(update={"known_institutions": ("013", "700", "808", "822")})
    return portal


def _time_sealing(side: Side, *, workers: int | None) -> None:
    objects = LocalObjectStore(side.settings.home / "objects")
    with Outbox(side.settings.outbox_dir).locked() as outbox, watched() as peak:
        begun = time.perf_counter()
        sealing = Sealing(side, outbox, objects, frozenset(), silent, workers)
        sealed = [sealing.seal(file) for file in side.folder.files]
        seconds = time.perf_counter() - begun
    manifest = sealed[0].manifest.manifest
    print(f"sealed {manifest.rows:,} rows in {seconds:.1f} s: {manifest.rows / seconds:,.0f} rows/s")
    print(f"{len(manifest.parts)} parts, {sum(p.ciphertext_bytes for p in manifest.parts) / 1024**2:,.0f} MiB")
    print(f"all processes: {1e6 * peak.cpu_s / manifest.rows:.2f} us of CPU per row, at most {peak.mib:,.0f} MiB")


def _time_stages(side: Side, *, batches: int) -> None:
    """In this process, of the first batches; microseconds of its CPU per row."""
    [file] = side.folder.files
    contract, spent = side.specification.datasets[file.dataset], Spent()
    rules = Rules(contract, file.source, UPLOADER, tuple(side.gate.known_institutions))
    engine.load()
    with tempfile.TemporaryDirectory(dir=side.settings.home) as scratch, closing(read_batches(file, contract)) as found:
        gate = Gate("sealing", file.dataset, side.facts, ROW_CAP, Path(scratch))
        key = write_key(Path(scratch), side.addressee)
        for index in range(batches):
            raw = spent.on("read", lambda: next(found, None))
            if raw is None:
                break
            clear = spent.on("check", lambda raw=raw: check_batch(raw, rules))
            spent.on("judge", lambda clear=clear: gate.check(clear.rows))
            hashed = spent.on("hash", lambda clear=clear: hash_rows(clear.rows, contract, side.ring))
            spent.on(
                "seal",
                lambda hashed=hashed, index=index: write_part(Path(scratch), index, hashed, contract, key.recipient),
            )
            spent.rows += raw.columns.num_rows
    spent.show()


if __name__ == "__main__":
    main()
