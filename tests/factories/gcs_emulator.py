"""Cloud Storage's emulator on a free port of the loopback, with both buckets as infra/terraform makes them.

What it does not do: retention, `if_generation_match`, versions, rights. What it does: the wire, resumable sessions,
CRC-32C, soft delete.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "uploads"


@contextmanager
def emulated() -> Iterator[tuple[str, int]]:
    from gcp_storage_emulator.server import create_server

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    server.start()
    try:
        yield "127.0.0.1", port
    finally:
        server.stop()


def empty_buckets(url: str) -> None:
    """Both buckets there and empty; the one of keys forgets what is deleted."""
    client = client_at(url)
    for name in (BUCKET, f"{BUCKET}-keys"):
        bucket = client.lookup_bucket(name) or client.create_bucket(name)
        for blob in client.list_blobs(bucket):
            blob.delete()
    keys = client.bucket(f"{BUCKET}-keys")
    keys.soft_delete_policy.retention_duration_seconds = 0
    keys.patch()


def client_at(url: str):
    from google.cloud import storage

    before = os.environ.get("STORAGE_EMULATOR_HOST")
    os.environ["STORAGE_EMULATOR_HOST"] = url
    try:
        return storage.Client()
    finally:
        if before is None:
            del os.environ["STORAGE_EMULATOR_HOST"]
        else:
            os.environ["STORAGE_EMULATOR_HOST"] = before
