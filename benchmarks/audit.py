"""How fast audit logs are verified and witnessed: a room's file and the portal's table, by default 1 M events each.

    python benchmarks/audit.py [--events 1000000] [--only file|portal]

Prints one JSON object: events per second (the chain alone, and chain with tree as verification does it), seconds per
append (with its fsync) and per checkpoint, sizes. All is one thread; `wall` is what a clock shows, `core` counts the
processor time that was got, which on a machine with other work tells what one core does. The portal's table is
SQLite in a temporary folder.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cleanroom.contracts.audit_chain import START, AuditPlace, line_after, walk
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.checkpoints import AuditLog, leaf_of
from cleanroom.contracts.merkle import Frontier, consistency_proof, inclusion_proof
from cleanroom.contracts.messages import AuditEvent
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.tiles import Tiles

START_AT = datetime(2025, 1, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["file", "portal"])
    options = parser.parse_args()
    found = {"events": options.events}
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "portal":
            found["file"] = measure_file(Path(folder), options.events)
        if options.only != "file":
            found["portal"] = measure_portal(Path(folder), options.events)
    found["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(found, indent=1))


def event(number: int) -> AuditEvent:
    """As intake writes them: about 400 bytes a line."""
    return AuditEvent(
        at=START_AT + timedelta(seconds=number),
        actor="room:intake",
        verb="submission.refused" if number % 7 == 0 else "submission.accepted",
        subject=f"{number * 2654435761 % 2**256:064x}",
        detail={"place": f"808/transfers/{number:08d}", "rows": number * 31, "bytes": number * 1009, "rule": None},
    )


# --- the room's file ----------------------------------------------------------------------------------------------


def measure_file(folder: Path, events: int) -> dict:
    path = folder / "audit.jsonl"
    with path.open("wb") as file:
        file.writelines(_lines(events))
    log, found = AuditFile(path), {"megabytes": round(path.stat().st_size / 1e6)}
    found["chain_events_per_s"] = _rate(events, lambda: log.verify().sequence)
    leaves: list[bytes] = []
    found["chain_and_tree_events_per_s"] = _rate(events, lambda: _grow(log, leaves).size)
    objects = LocalObjectStore(folder / "objects")
    with _seconds(found, "publish_all_tiles_s"):
        tiles = Tiles(objects, AuditLog.ROOM, 0).extend(leaves)
    found["tiles"] = sum(1 for _ in objects.list("checkpoints/"))
    with _seconds(found, "checkpoint_of_1000_more_s"):
        more = [leaf_of(f"{number:064x}") for number in range(1000)]
        frontier = Frontier.of(tiles, events)
        Tiles(objects, AuditLog.ROOM, events).extend(more)
        for leaf in more:
            frontier.append(leaf)
        assert frontier.size == events + 1000
    with _seconds(found, "inclusion_proof_s"):
        inclusion_proof(Tiles(objects, AuditLog.ROOM, events), events // 3, events)
    with _seconds(found, "consistency_proof_s"):
        consistency_proof(Tiles(objects, AuditLog.ROOM, events), events // 3, events)
    with _seconds(found, "append_s"):
        for number in range(100):
            log.append(event(events + number))
    found["append_s"] = round(found["append_s"] / 100, 5)
    return found


def _lines(events: int) -> Iterator[bytes]:
    place: AuditPlace = START
    for number in range(events):
        place, line = line_after(canonical_bytes(event(number).model_dump(mode="json")), place)
        yield line


def _grow(log: AuditFile, leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for place in walk(log.lines(), name="log"):
        leaves.append(leaf_of(place.hash))
        frontier.append(leaves[-1])
    return frontier


# --- the portal's table -------------------------------------------------------------------------------------------


def measure_portal(folder: Path, events: int) -> dict:
    os.environ |= {"CLEANROOM_HOME": str(folder / "home"), "DJANGO_SETTINGS_MODULE": "portal.config.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _fill(events)
    from portal.audit import chain

    return {
        "lines_events_per_s": _rate(events, lambda: sum(1 for _ in chain.lines())),
        "verify_events_per_s": _rate(events, lambda: chain.verify().events),
    }


def _fill(events: int) -> None:
    """Rows as `portal.audit.actions` makes them, in bulk: writing a million one by one is not what is measured."""
    from django.db import connection

    from portal.accounts.models import User
    from portal.audit.chain import digest_of_event
    from portal.audit.models import Event

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_event_grows")  # looks for the maximum at each row
    user = User.objects.create(username="room-service", is_service=True)
    digest, batch = "0" * 64, []
    for number in range(1, events + 1):
        made = event(number)
        row = Event(
            sequence=number, recorded_at=made.at + timedelta(seconds=1), occurred_at=made.at, actor=user,
            reported_actor=made.actor, verb=made.verb, subject=made.subject, detail=made.detail,
            report_digest=f"{number:064x}", previous_digest=digest,
        )  # fmt: skip
        row.digest = digest = digest_of_event(row)
        batch.append(row)
        if len(batch) == 5000 or number == events:
            Event.objects.bulk_create(batch)
            batch = []


# --- measuring ----------------------------------------------------------------------------------------------------


def _rate(events: int, work: Callable[[], int]) -> dict[str, int]:
    wall, core = time.perf_counter(), time.process_time()
    assert work() == events
    return {
        "wall": round(events / (time.perf_counter() - wall)),
        "core": round(events / (time.process_time() - core)),
    }


@contextmanager
def _seconds(found: dict, name: str) -> Iterator[None]:
    clock = time.perf_counter()
    yield
    found[name] = round(time.perf_counter() - clock, 4)


if __name__ == "__main__":
    main()
