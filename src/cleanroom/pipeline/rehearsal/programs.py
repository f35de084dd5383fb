"""The long-running programs of a rehearsal: the portal with its worker, and each institution's receiver."""

import socket
import sys
from pathlib import Path

from cleanroom.pipeline.rehearsal.services import Services, free_port

PORTAL_THREADS = 8


def start_portal(services: Services, held: socket.socket, portal_url: str) -> None:
    """Web server on the socket that is held for it, and the queue's worker. Returns when it answers."""
    services.start("portal", [
        sys.executable, "-m", "gunicorn", "portal.config.wsgi:application", "--bind", f"fd://{held.fileno()}",
        "--workers", "1", "--threads", str(PORTAL_THREADS), "--no-control-socket",
    ], sockets=(held,))  # fmt: skip
    held.close()  # the portal has it now
    services.start("worker", [
        sys.executable, "-m", "celery", "-A", "portal.config.celery:app", "worker", "--pool", "solo",
        "--without-gossip", "--without-mingle", "--loglevel", "INFO",
    ])  # fmt: skip
    services.wait_for_health("portal", f"{portal_url}/api/v1/health")


def start_receiver(services: Services, home: Path, code: str) -> str:
    """The institution's own program, on the port that it chose before: an endpoint stays what was approved. Returns
    its address."""
    note = home / "institutions" / code / "receiver-port"
    port = free_port(int(note.read_text()) if note.exists() else 0)
    note.write_text(str(port))
    name = f"receiver-{code}"
    services.start(name, [
        sys.executable, "-m", "cleanroom.receiver", "--institution", code, "--home", str(home / "institutions" / code),
        "--portal", services.environ["CLEANROOM_PORTAL_URL"], "--port", str(port),
    ])  # fmt: skip
    return services.wait_for_line(name, "listening on ").removeprefix("listening on ").strip()
