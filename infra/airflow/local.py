"""Airflow on this machine, on loopback, with the DAGs of this checkout on one rehearsal's folder.

Starts the parts by themselves (API server, scheduler, DAG processor, triggerer) rather than `airflow standalone`, which
listens on every interface and leaves processes behind; beside them the rehearsal's own portal, worker and receivers,
which the DAGs ask. Ends them all on Ctrl-C. The DAGs are paused: switch on, or trigger, what should run.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from cleanroom.errors import NotAllowed
from cleanroom.pipeline.rehearsal.airflow_home import airflow_environment
from cleanroom.pipeline.rehearsal.alone import alone_in
from cleanroom.pipeline.rehearsal.programs import start_portal, start_receiver
from cleanroom.pipeline.rehearsal.services import LOOPBACK, Services, free_port, held_port, service_environment

# The scheduler's and the triggerer's log servers would listen on every interface; logs are read from the folder.
PARTS = (("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",), ("triggerer", "--skip-serve-logs"))
POOL = ["pools", "set", "warehouse", "1", "what opens the warehouse file"]
USER = "admin"


def main() -> int:
    options = arguments()
    home = options.home.absolute()
    note = home / "rehearsal.json"
    if not note.exists():
        sys.exit(f"{home} holds no rehearsal; run first: make demo")
    try:
        with alone_in(home):
            return serve(home, note, options.port)
    except NotAllowed as e:
        sys.exit(str(e))


def serve(home: Path, note: Path, port: int) -> int:
    held = held_port(8000)
    portal_url = f"http://{LOOPBACK}:{held.getsockname()[1]}"
    environ = service_environment(home, portal_url) | airflow_environment(home) | loopback(home, port)
    with held, Services(home, environ) as services:
        print(f"portal, worker and receivers of {home} …", flush=True)
        start_portal(services, held, portal_url)
        for code in json.loads(note.read_text())["codes"]:
            start_receiver(services, home, code)
        password = make_password(home)
        start_airflow(services, port)
        print(f"The portal is at {portal_url}; its logins are in {home / 'portal' / 'logins.json'}")
        print(f"Airflow is at http://{LOOPBACK}:{port}, user {USER}, password {password}")
        print(f"The DAGs are paused. Logs lie in {services.logs}. Ctrl-C ends everything.", flush=True)
        watch(services)
    return 0


def start_airflow(services: Services, port: int) -> None:
    print("Airflow: database, API server, scheduler, DAG processor, triggerer …", flush=True)
    airflow = [sys.executable, "-m", "airflow"]
    services.run("airflow-db", [*airflow, "db", "migrate"])
    services.run("airflow-pool", [*airflow, *POOL])
    for part in PARTS:
        services.start(f"airflow-{part[0]}", [*airflow, *part])
    services.wait_for_health("airflow-api-server", f"http://{LOOPBACK}:{port}/api/v2/monitor/health")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="a rehearsal's folder, as `make demo` leaves it")
    parser.add_argument("--port", type=int, default=free_port(8080))
    return parser.parse_args()


def make_password(home: Path) -> str:
    """The trial user's password, kept for the next start in a file that only its owner reads."""
    path = passwords(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({USER: secrets.token_urlsafe(12)}, file)
    return json.loads(path.read_text())[USER]


def passwords(home: Path) -> Path:
    return home / "airflow-local" / "passwords.json"


def loopback(home: Path, port: int) -> dict[str, str]:
    """A database of its own: in the demo's every DAG is switched on, and due ones would start by themselves."""
    folder = home / "airflow-local"
    return {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords(home)),
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    }


def watch(services: Services) -> None:
    """Until somebody ends it, or a part ends by itself (which raises and says which)."""
    ended = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.append(True))
    while not ended:
        services.check_alive()
        time.sleep(0.5)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as e:
        sys.exit(f"airflow: {e}")
