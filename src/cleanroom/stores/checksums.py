"""CRC-32C as Cloud Storage writes it: base64 of the big-endian digest."""

import base64
from pathlib import Path
from typing import BinaryIO

import google_crc32c

_BLOCK_BYTES = 1024 * 1024


def of_bytes(data: bytes) -> str:
    return text(google_crc32c.Checksum(data))


def of_file(path: Path) -> str:
    with path.open("rb") as file:
        return copy(file, None)


def copy(source: BinaryIO, target: BinaryIO | None) -> str:
    """Copy to `target` (nowhere for None) and give the checksum of what was read."""
    checksum = google_crc32c.Checksum()
    while block := source.read(_BLOCK_BYTES):
        checksum.update(block)
        if target is not None:
            target.write(block)
    return text(checksum)


def text(checksum: google_crc32c.Checksum) -> str:
    return base64.b64encode(checksum.digest()).decode()
