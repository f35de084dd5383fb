"""What the images and the compose file must never allow. Read as data: no container engine is needed or asked."""

import json
import os
import re
import stat
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import yaml

from cleanroom.lookout.service.clients import load
from cleanroom.settings import project_root
from cleanroom.vocabulary.terms import LookoutRole

INFRA = project_root() / "infra"
COMPOSE = yaml.safe_load((INFRA / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (INFRA / "Dockerfile").read_text(encoding="utf-8")
SECRET_WORDS = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|SQL_ALCHEMY_CONN|DATABASE$|BROKER|PASSPHRASE")

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def networks(name):
    return set(SERVICES[name]["networks"])


def test_every_part_is_there():
    assert {"portal", "portal-worker", "portal-db", "queue", "proxy", "room-db"} <= set(SERVICES)
    assert {f"airflow-{p}" for p in ("api-server", "scheduler", "dag-processor", "triggerer")} <= set(SERVICES)
    assert "lookout" in SERVICES


@each_service
def test_no_service_is_root_or_may_become_it(name):
    service = SERVICES[name]
    user = service["user"].split(":")
    assert len(user) == 2
    assert all(int(part) > 0 for part in user)
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices", "network_mode"} & set(service)


@each_service
def test_no_service_can_write_to_its_own_program(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    for mount in service.get("volumes", ()):
        source, target, *mode = mount.split(":")
        assert "docker.sock" not in mount
        if source.startswith((".", "/")):
            assert mode == ["ro"], "folders of the host are mounted to be read"
            assert (INFRA / source).is_file()
        else:
            assert source in COMPOSE["volumes"]
            assert target.startswith(("/var/lib/", "/data"))


@each_service
def test_images_are_pinned(name):
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.match(r"\d+\.\d+", tag), "a full version, never latest"


def test_ports_are_open_where_people_need_them_only_and_on_loopback():
    opened = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert set(opened) == {"proxy", "airflow-api-server"}
    assert [port for ports in opened.values() for port in ports if not port.startswith("127.0.0.1:")] == []


@each_service
def test_secrets_come_from_files(name):
    service = SERVICES[name]
    given = set(service.get("secrets", ()))
    assert given <= set(COMPOSE["secrets"])
    for variable, value in service.get("environment", {}).items():
        if SECRET_WORDS.search(variable.removesuffix("_FILE").removesuffix("__FROM")):
            assert variable.endswith(("_FILE", "__FROM_FILE")), f"{variable} would show in `docker inspect`"
        if str(value).startswith("/run/secrets/"):
            assert value.removeprefix("/run/secrets/") in given


def test_every_secret_is_a_file_that_is_used_and_not_kept():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert len(used) > 10
    assert all(s == {"file": f"./secrets/{name}"} for name, s in COMPOSE["secrets"].items())
    assert "secrets/" in (INFRA / ".gitignore").read_text().splitlines()


def test_portal_and_room_meet_at_the_proxy_alone():
    portal_side = {n for n in SERVICES if n.startswith(("portal", "queue"))}
    room_side = {n for n in SERVICES if n.startswith(("airflow", "room"))}
    assert len(portal_side) >= 5
    assert len(room_side) >= 6
    assert not set().union(*map(networks, portal_side)) & set().union(*map(networks, room_side))
    assert {n for n in SERVICES if "publish" in networks(n)} == {"proxy", "airflow-scheduler"}
    assert "room" not in networks("proxy")


def test_only_what_must_go_out_can():
    outward = {n for n, net in COMPOSE["networks"].items() if not (net or {}).get("internal")}
    assert outward == {"front", "desk", "webhooks"}
    assert {n for n in SERVICES if networks(n) & outward} == {"proxy", "airflow-api-server", "portal-worker"}


def test_the_portal_gets_no_key_of_the_room():
    for name in SERVICES:
        room = {s for s in SERVICES[name].get("secrets", ()) if s.startswith(("room", "airflow"))}
        assert bool(room) == name.startswith(("airflow", "room"))
    for name, service in SERVICES.items():
        for mount in service.get("volumes", ()):
            if mount.startswith("room-"):
                assert name.startswith(("airflow", "room"))


def test_only_the_tasks_have_the_keys_and_the_warehouse():
    holders = {n for n, s in SERVICES.items() if any(m.startswith("room-home") for m in s.get("volumes", ()))}
    assert holders == {"airflow-scheduler"}
    for secret in ("room_keys_passphrase", "room_portal_token"):
        assert {n for n, s in SERVICES.items() if secret in s.get("secrets", ())} == {"airflow-scheduler"}


def test_the_lookout_has_the_graph_alone_and_no_way_out():
    lookout = SERVICES["lookout"]
    assert networks("lookout") == {"room"}
    assert "ports" not in lookout
    assert lookout["secrets"] == ["lookout_clients"]
    mounts = {m.split(":")[0]: m.split(":")[2:] for m in lookout["volumes"]}
    assert mounts == {"lookout-home": [], "published-graph": ["ro"]}, "what the line published is read, never written"
    assert not [v for v in lookout["environment"] if v.startswith(("AIRFLOW", "CLEANROOM_KEY", "CLEANROOM_WAREHOUSE"))]
    assert {n for n, s in SERVICES.items() if "lookout_clients" in s.get("secrets", ())} == {"lookout"}
    assert {n for n, s in SERVICES.items() for m in s.get("volumes", ()) if m.startswith("published-graph:")} == {
        "airflow-scheduler",
        "lookout",
    }


def test_checks_that_need_secrets_go_through_the_entrypoint():
    checked = 0
    for service in SERVICES.values():
        command = service.get("healthcheck", {}).get("test", [])
        if {"airflow", "celery"} & set(command):
            assert command[1:3] == ["sh", "/app/infra/docker/entrypoint.sh"]
            checked += 1
    assert checked >= 4


def test_long_running_services_say_how_they_are():
    for name, service in SERVICES.items():
        if service["restart"] == "no":
            continue
        test = service["healthcheck"]["test"]
        assert test[0] in ("CMD", "CMD-SHELL")
        assert len(test) > 1, name


def test_services_wait_for_what_is_declared():
    waited = [(n, d) for n, s in SERVICES.items() for d in s.get("depends_on", {})]
    assert len(waited) > 8
    for _, dependency in waited:
        assert dependency in SERVICES
    for name, service in SERVICES.items():
        for dependency, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if dependency.endswith("-setup") else "service_healthy"
            assert how == {"condition": wanted}, name


def test_the_queue_survives_a_kill():
    lines = (INFRA / "redis" / "redis.conf").read_text().splitlines()
    assert "appendonly yes" in lines
    assert "include /run/secrets/redis_auth" in lines
    assert not [line for line in lines if line.startswith("requirepass")]


def test_both_images_end_as_an_unprivileged_user():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    final = {re.search(r"AS (\S+)", s)[1]: s for s in stages}
    for target in ("portal", "room"):
        assert re.findall(r"^USER (\S+)", final[target], flags=re.MULTILINE) == ["10001:10001"]
        assert "pip install" not in final[target], "packages come from the stage that checks their hashes"
    assert "FROM python" not in DOCKERFILE.replace("ARG PYTHON_IMAGE=python", "")


def test_packages_are_installed_by_hash_and_nothing_is_piped_from_the_net():
    installs = re.findall(r"pip install.*", DOCKERFILE)
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert not re.search(r"\bcurl\b|\bwget\b|\bADD\b|:latest", DOCKERFILE)
    for lock in re.findall(r"^COPY (requirements/\S+)", DOCKERFILE, flags=re.MULTILINE):
        assert "--hash=sha256:" in (project_root() / lock).read_text()


def test_what_an_image_copies_is_there_and_let_through():
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, flags=re.MULTILINE)
    assert len(copied) >= 6
    allowed = [line[1:] for line in (project_root() / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for source in copied:
        assert (project_root() / source).exists()
        assert any(source.rstrip("/") == a or source.startswith(f"{a}/") for a in allowed), source


# --- the small programs inside ------------------------------------------------------------------------------------


def entrypoint(environ, *arguments):
    path = os.pathsep.join(["/usr/bin", "/bin"])
    return subprocess.run(
        ["/bin/sh", str(INFRA / "docker" / "entrypoint.sh"), *arguments],
        env={"PATH": path, **environ},
        capture_output=True,
        text=True,
    )


def test_the_entrypoint_reads_secrets_and_becomes_the_program(tmp_path):
    secret = tmp_path / "database"
    secret.write_text("postgresql://u:p$x y'\"@db/1\n")
    done = entrypoint({"A_DATABASE__FROM_FILE": str(secret), "A_TOKEN_FILE": "/run/t"}, "env")
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert found["A_DATABASE"] == "postgresql://u:p$x y'\"@db/1"
    assert found["A_TOKEN_FILE"] == "/run/t", "a setting that names a file stays as it is"
    assert "A_DATABASE__FROM_FILE" not in found


@pytest.mark.parametrize("content", [None, ""])
def test_the_entrypoint_stops_without_its_secret(tmp_path, content):
    secret = tmp_path / "absent"
    if content is not None:
        secret.write_text(content)
    done = entrypoint({"A__FROM_FILE": str(secret)}, "echo", "started")
    assert done.returncode == 1
    assert "started" not in done.stdout
    assert "missing or empty" in done.stderr


def test_secrets_are_made_once_and_for_their_owner(tmp_path):
    folder = tmp_path / "secrets"
    make = [sys.executable, str(INFRA / "make_secrets.py"), str(folder)]
    first = subprocess.run(make, capture_output=True, text=True, check=True)
    assert "tls_key" in first.stdout
    made = {p.name: p.read_text() for p in folder.iterdir()}
    assert set(COMPOSE["secrets"]) - {"tls_key", "tls_certificate", "room_portal_token"} <= set(made)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(set(made.values())) == len(made)
    assert made["portal_db_password"] in made["portal_database"]
    assert made["redis_auth"] == f"requirepass {made['redis_password']}"
    assert set(json.loads(made["airflow_passwords"])) == {"operator"}
    assert not [name for name, text in made.items() if text in first.stdout]
    (tmp_path / "clients.json").write_text(made["lookout_clients"])
    (tmp_path / "clients.json").chmod(0o600)
    assert {client.role for client in load(tmp_path / "clients.json")} == set(LookoutRole)
    subprocess.run(make, capture_output=True, check=True)
    assert {p.name: p.read_text() for p in folder.iterdir()} == made


def test_the_health_check_asks_as_the_proxy_does():
    asked = []

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Host"], self.headers["X-Forwarded-Proto"]))
            self.send_response(200 if self.path == "/api/v1/health" else 503)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Portal)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        for path, code in (("/api/v1/health", 0), ("/broken", 1)):
            done = subprocess.run(
                [sys.executable, str(INFRA / "docker" / "healthy.py"), address + path],
                env={"CLEANROOM_PORTAL_HOSTS": "portal.example.org, other"},
            )
            assert done.returncode == code
    finally:
        server.shutdown()
        server.server_close()
    assert asked[0] == ("/api/v1/health", "portal.example.org", "https")
