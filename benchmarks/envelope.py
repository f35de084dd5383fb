"""How fast an envelope of one large file is sealed and opened, both with their digests and on a disk.

python -m benchmarks.envelope --mib 1024
"""

import argparse
import hashlib
import os
import resource
import tempfile
import time
from pathlib import Path

from cleanroom.crypto.envelope import new_identity, open_file, seal_file

MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=1024, help="size of the file (default %(default)s MiB)")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        clear, sealed, opened = (Path(folder) / name for name in ("clear", "sealed", "opened"))
        digest = _random_file(clear, options.mib)
        identity, recipient = new_identity()
        before = _peak()
        seal_s = _seconds(lambda: seal_file(clear, sealed, recipient))
        open_s = _seconds(lambda: open_file(sealed, opened, [identity]))
        with opened.open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest, "what came out is not what went in"
    print(f"{options.mib} MiB: sealed in {seal_s:.1f} s, opened in {open_s:.1f} s, together {seal_s + open_s:.1f} s")
    print(f"memory grew by {(_peak() - before) / MIB:.1f} MiB")


def _random_file(path: Path, mib: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mib):
            block = os.urandom(MIB)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _seconds(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _peak() -> int:
    """Most resident memory of this process so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
