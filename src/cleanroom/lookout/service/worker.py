"""A worker: answers over the shared socket, reads only. Started by the supervisor, and ends with it."""

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from cleanroom.lookout.service import family, metrics
from cleanroom.lookout.service.folders import Folders

KEEP_ALIVE_SECONDS = 65
GRACE_SECONDS = 5
SWITCH_SECONDS = 0.0005  # a thread that writes a long answer gives way to the loop this often


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    folders = Folders(options.home)
    return family.ended_well(lambda: _serve(folders, options.parent, options.socket), told_in=options.told_in)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cleanroom.lookout.service.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--told-in", type=Path, required=True)
    return parser


def _serve(folders: Folders, parent: int, handle: int) -> None:
    family.end_with(parent)
    metrics.use(folders.metrics)
    sys.setswitchinterval(SWITCH_SECONDS)
    from uvicorn.config import Config
    from uvicorn.server import Server

    from cleanroom.lookout.service.app import make_app

    app = make_app(folders)
    config = Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,  # the access log is ours (ADR 103)
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    listener = socket.socket(fileno=handle)
    Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
