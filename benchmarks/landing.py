"""How fast the room takes a submission in, and how much memory that takes.

    python -m benchmarks.landing --rows 1000000

Prints rows per second of the whole step, the most memory that all processes held together, and what each stage of a
part costs in one process. The files are sealed first, which is not counted (benchmarks/sealing.py does).
"""

import argparse
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.memory import watched
from benchmarks.spent import Spent
from benchmarks.transfers import UPLOADER, write_folder
from cleanroom.contracts.manifest import INBOX, MANIFEST_CAP_BYTES, MANIFEST_NAME, SignedManifest
from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import sealed_schema
from cleanroom.intake import opening, rows
from cleanroom.intake.tables import read_table
from cleanroom.pipeline import keys
from cleanroom.quality import engine
from cleanroom.quality.gate import Gate
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import Incoming
from cleanroom.stores.warehouse_duckdb import DuckDbWarehouse
from tests.factories.one_participant import one_participant


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as home:
        data = Path(home) / "data"
        write_folder(data, rows=options.rows, form="parquet")
        parties = one_participant(Path(home) / "home", code=UPLOADER, data_dir=data)
        parties.seal()
        parties.send()
        settings = RoomSettings(home=Path(home) / "home")
        if options.stages:
            _time_stages(settings, LocalObjectStore(settings.objects_dir), parts=options.stages)
        with watched() as peak:
            begun = time.perf_counter()
            landed = parties.take_in()
            seconds = time.perf_counter() - begun
    print(f"took in {landed:,} rows in {seconds:.1f} s: {landed / seconds:,.0f} rows/s")
    print(f"all processes: {1e6 * peak.cpu_s / landed:.2f} us of CPU per row, at most {peak.mib:,.0f} MiB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stages", type=int, default=4, metavar="PARTS", help="time the stages of so many parts")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's temporary folder)")
    return parser.parse_args()


def _time_stages(settings: RoomSettings, objects: LocalObjectStore, *, parts: int) -> None:
    """In this process, of the first parts; microseconds of its CPU per row."""
    place = next(i.name for i in objects.list(f"{INBOX}/{UPLOADER}/") if i.name.endswith(MANIFEST_NAME))
    manifest = SignedManifest.from_bytes(objects.get_bytes(place, cap_bytes=MANIFEST_CAP_BYTES)).manifest
    contract, ring = load_specification().datasets[manifest.dataset], keys.open_room_keys(settings)
    identity = opening.open_key(objects.get_bytes(manifest.key_name, cap_bytes=manifest.key.bytes), manifest, ring)
    second = ring.second_hash(scheme=manifest.scheme, participant=UPLOADER, kid=manifest.hash_kid)
    period = {"period_first": manifest.period.first, "period_last": manifest.period.last}
    facts = {"participant": UPLOADER, "known_institutions": ("013", "700", "808", "822"), **period}
    gate, schema, spent = Gate("intake", manifest.dataset, facts), sealed_schema(contract), Spent()
    batches = []
    engine.load()
    for part in manifest.parts[:parts]:
        path = settings.home / part.name
        spent.on("fetch", lambda path=path, part=part: _fetch(objects, manifest.folder, part, path))
        plain = spent.on("open", lambda path=path, part=part: opening.decrypt_part(path, part, identity))
        table = spent.on("unpack", lambda plain=plain, part=part: read_table(plain, part, schema))
        landed = spent.on("hash", lambda table=table: rows.second_hash(table, contract, second))
        spent.on("judge", lambda landed=landed: gate.check(landed))
        batches.append(Incoming(landed))
        spent.rows += part.rows
    _time_appending(settings, spent, batches)
    spent.show()


def _fetch(objects: LocalObjectStore, folder: str, part, path: Path) -> None:
    objects.download(f"{folder}/{part.name}", path, cap_bytes=part.ciphertext_bytes)
    opening.check_ciphertext(path, part)


def _time_appending(settings: RoomSettings, spent: Spent, batches: list[Incoming]) -> None:
    """Into a warehouse of its own, which is thrown away."""
    trial = DuckDbWarehouse(settings.home / "trial.duckdb", spill=settings.home / "trial-spill")
    trial.ensure_tables()
    day, now = date(2025, 4, 1), datetime.now(UTC)
    row = {"submission_id": "0" * 64, "participant": UPLOADER, "dataset": "transfers", "sequence": 1, "draw": "0" * 16}
    row |= {"specification_version": 1, "period_from": day, "period_to": day, "rows": spent.rows, "bytes": 0}
    row |= {"landed_at": now, "supersedes": None}
    spent.on("append", lambda: trial.land(submission=row, dataset="transfers", batches=batches))
    trial.close()


if __name__ == "__main__":
    main()
