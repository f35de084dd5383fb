"""Airflow on this machine, on loopback, with the DAGs of this checkout on one rehearsal's folder.

Starts the parts by themselves (API server, scheduler, DAG processor, triggerer) rather than `airflow standalone`, which
listens on every interface and leaves processes behind. Ends them by their ids on Ctrl-C. Needs the portal of the
rehearsal, so it starts that as well when nothing answers at its address.
"""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from cleanroom.pipeline.rehearsal.airflow_home import airflow_environment
from cleanroom.pipeline.rehearsal.services import LOOPBACK, Services, free_port, service_environment

PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
POOL = ["pools", "set", "warehouse", "1", "what opens the warehouse file"]


def main() -> int:
    options = arguments()
    home = options.home.absolute()
    if not (home / "rehearsal.json").exists():
        sys.exit(f"{home} holds no rehearsal; run first: make demo")
    portal_url = options.portal or f"http://{LOOPBACK}:8000"
    environ = service_environment(home, portal_url) | airflow_environment(home) | loopback(options.port)
    (home / "airflow").mkdir(exist_ok=True)
    with Services(home, environ) as services:
        airflow = [sys.executable, "-m", "airflow"]
        services.run("airflow-db", [*airflow, "db", "migrate"])
        services.run("airflow-pool", [*airflow, *POOL])
        for part in PARTS:
            services.start(f"airflow-{part}", [*airflow, part])
        services.wait_for_health("airflow-api-server", f"http://{LOOPBACK}:{options.port}/api/v2/monitor/health")
        print(
            f"Airflow is at http://{LOOPBACK}:{options.port}, logs under {services.logs} (Ctrl-C ends it)", flush=True
        )
        print(f"user admin, password in {home / 'airflow' / 'passwords.json'}", flush=True)
        watch(services)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="a rehearsal's folder, as `make demo` leaves it")
    parser.add_argument("--port", type=int, default=free_port(8080))
    parser.add_argument("--portal", help=f"the portal's address (default http://{LOOPBACK}:8000)")
    return parser.parse_args()


def loopback(port: int) -> dict[str, str]:
    return {
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    }


def watch(services: Services) -> None:
    """Until somebody ends it, or a part ends by itself (which raises and says which)."""
    ended = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.append(True))
    while not ended:
        services.check_alive()
        time.sleep(0.5)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as e:
        sys.exit(f"airflow: {e}")
