"""SQLite and PostgreSQL keep the same promises: real databases, real processes, the portal's own commands."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from cleanroom.contracts.checkpoints import leaf_of
from cleanroom.contracts.merkle import Frontier
from portal.audit.triggers import INSTALL, REMOVE
from portal.config.environment import ROOT
from tests.factories.databases import postgresql

pytestmark = pytest.mark.slow
PLAN = {
    "institutions": [
        {"code": "808", "name": "First Demo Bank", "name_zh": "第一示範銀行", "sector": "bank"},
        {"code": "901", "name": "Demo Telecom", "name_zh": "示範電信", "sector": "telecom"},
    ]
}
RECORD_TWENTY = """
from django.db import transaction
from portal.accounts.models import User
from portal.audit.actions import record
by = User.objects.get(username="coordinator")
for n in range(20):
    with transaction.atomic():
        record(by=by, verb="test.happened", subject=f"thing:{n}", detail={"share": 0.25, "text": "中文"})
"""


@dataclass
class Portal:
    """A migrated portal on one engine, driven through its commands."""

    env: dict[str, str]
    home: Path

    def manage(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
        command = [sys.executable, str(ROOT / "portal" / "manage.py"), *arguments]
        return subprocess.run(
            command, env=self.env, input=stdin, capture_output=True, text=True, check=False, timeout=120
        )

    def rows(self, query: str) -> list[tuple]:
        url = self.env.get("CLEANROOM_PORTAL_DATABASE")
        connection = psycopg.connect(url) if url else sqlite3.connect(self.home / "portal" / "db.sqlite3")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def refusal_of(self, statement: str) -> str:
        """What the database answers to this statement when asked directly; empty where it obeys."""
        url = self.env.get("CLEANROOM_PORTAL_DATABASE")
        connection = psycopg.connect(url) if url else sqlite3.connect(self.home / "portal" / "db.sqlite3")
        try:
            connection.execute(statement)
            connection.commit()
        except (psycopg.Error, sqlite3.Error) as e:
            return str(e)
        finally:
            connection.close()
        return ""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def portal(request, tmp_path_factory):
    home = tmp_path_factory.mktemp(request.param)
    env = {**os.environ, "CLEANROOM_HOME": str(home), "CLEANROOM_ENVIRONMENT": "embedded"}
    with postgresql() if request.param == "postgresql" else nullcontext() as address:
        made = Portal(env | ({"CLEANROOM_PORTAL_DATABASE": address} if address else {}), home)
        migrated = made.manage("migrate", "-v0")
        assert migrated.returncode == 0, migrated.stderr
        (home / "plan.json").write_text(json.dumps(PLAN))
        yield made


@pytest.fixture(scope="module")
def logins(portal):
    run = portal.manage("make_consortium", str(portal.home / "plan.json"), "--out", str(portal.home / "logins.json"))
    assert run.returncode == 0, run.stderr
    return json.loads((portal.home / "logins.json").read_text())


def test_writers_side_by_side_make_one_whole_chain(portal, logins):
    before = int(portal.manage("verify_audit").stdout.split()[1])
    command = [sys.executable, str(ROOT / "portal" / "manage.py"), "shell", "--no-imports", "-c", RECORD_TWENTY]
    writers = [subprocess.Popen(command, env=portal.env, stderr=subprocess.PIPE) for _ in range(3)]
    problems = [writer.communicate(timeout=120)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], problems
    whole = portal.manage("verify_audit")
    assert whole.returncode == 0 and int(whole.stdout.split()[1]) == before + 60


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET verb = 'other.thing' WHERE sequence = 2",
        "DELETE FROM audit_event WHERE sequence = 2",
        "INSERT INTO audit_event (sequence, recorded_at, occurred_at, actor, reported_actor, verb, subject, detail,"
        " previous_digest, digest) SELECT 9999, recorded_at, occurred_at, actor, reported_actor, verb, subject, detail,"
        " 'a', 'b' FROM audit_event WHERE sequence = 1",
    ],
)
def test_the_database_refuses_to_change_the_log(portal, logins, statement):
    assert "audit log" in portal.refusal_of(statement)


def test_the_log_cannot_be_emptied(portal, logins):
    """SQLite has no TRUNCATE and refuses the word itself."""
    expected = "append-only" if "CLEANROOM_PORTAL_DATABASE" in portal.env else "syntax error"
    assert expected in portal.refusal_of("TRUNCATE audit_event CASCADE")
    assert "append-only" in portal.refusal_of("DELETE FROM audit_event")


CHECKPOINT = (
    "INSERT INTO audit_checkpoint (log, size, root, at, signing_kid, signature, edge, received_at)"
    " SELECT 'portal-log', {size}, '{root}', recorded_at, 'kid', 'signature', '[]', recorded_at"
    " FROM audit_event WHERE sequence = 1"
)


@pytest.fixture(scope="module")
def checkpoint(portal, logins):
    """What the room vouches for: all events so far, under their true root. Returns how many."""
    digests = [row[0] for row in portal.rows("SELECT digest FROM audit_event ORDER BY sequence")]
    frontier = Frontier()
    for digest in digests:
        frontier.append(leaf_of(digest))
    assert portal.refusal_of(CHECKPOINT.format(size=len(digests), root=frontier.root().hex())) == ""
    assert len(digests) > 10
    assert portal.manage("verify_audit").returncode == 0
    return len(digests)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_checkpoint SET root = 'x'", "DELETE FROM audit_checkpoint", "TRUNCATE audit_checkpoint CASCADE"],
)
def test_the_database_refuses_to_change_what_vouches(portal, checkpoint, statement):
    refused = portal.refusal_of(statement)
    assert "append-only" in refused or (statement.startswith("TRUNCATE") and "syntax error" in refused)


EVERY_EVENT = "SELECT * FROM audit_event ORDER BY sequence"
SWAP = """UPDATE audit_event SET verb = o.verb, subject = o.subject, detail = o.detail FROM audit_event AS o
WHERE o.sequence = 7 - audit_event.sequence AND audit_event.sequence IN (3, 4)"""
PUT_IN = (
    "INSERT INTO audit_event (sequence, recorded_at, occurred_at, actor, reported_actor, verb, subject, detail,"
    " previous_digest, digest) SELECT 1000000, recorded_at, occurred_at, actor, reported_actor, verb, subject, detail,"
    f" '{'a' * 64}', '{'b' * 64}' FROM audit_event WHERE sequence = 1"
)
RAW_RIGHTS = {
    "edited": ("UPDATE audit_event SET subject = 'thing:other' WHERE sequence = 3", "event 3 is bad", "was edited"),
    "deleted": ("DELETE FROM audit_event WHERE sequence = 3", "event 3 is bad", "was deleted"),
    "reordered": (SWAP, "event 3 is bad", "was edited"),
    "put in": (PUT_IN, "is bad", "was edited"),
    "tail cut": ("DELETE FROM audit_event WHERE sequence > 5", "event 6 is bad", "tail was cut"),
    "emptied": ("DELETE FROM audit_event", "event 1 is bad", "tail was cut"),
}


@pytest.fixture
def raw_rights(portal, checkpoint):
    """Triggers gone, as for whoever owns the database; afterwards everything is as before."""
    vendor = "postgresql" if portal.env.get("CLEANROOM_PORTAL_DATABASE") else "sqlite"
    for statement in ("CREATE TABLE saved AS SELECT * FROM audit_event", *REMOVE[vendor]):
        assert portal.refusal_of(statement) == ""
    before = portal.rows(EVERY_EVENT)
    yield
    back = ("DELETE FROM audit_event", "INSERT INTO audit_event SELECT * FROM saved", "DROP TABLE saved")
    for statement in (*back, *INSTALL[vendor]):
        assert portal.refusal_of(statement) == ""
    assert portal.rows(EVERY_EVENT) == before  # the next one begins with a whole log again


@pytest.mark.parametrize(("statement", "bad", "why"), RAW_RIGHTS.values(), ids=RAW_RIGHTS)
def test_what_raw_rights_can_do_is_found(portal, raw_rights, statement, bad, why):
    assert portal.refusal_of(statement) == ""
    found = portal.manage("verify_audit")
    assert (found.returncode, bad in found.stderr, why in found.stderr) == (32, True, True), found.stderr


def test_the_database_refuses_roles_that_exclude_each_other(portal, logins):
    """By an insert, and by an update of a role that was allowed."""
    insert = (
        "INSERT INTO accounts_rolegrant (user_id, role, granted_by_id, granted_at)"
        " SELECT u.id, 'governance_approver', a.id, a.created_at FROM accounts_user u, accounts_user a"
        " WHERE u.username = 'model-developer' AND a.username = 'administrator'"
    )
    assert "excludes another role" in portal.refusal_of(insert)
    assert portal.refusal_of(insert.replace("governance_approver", "analyst")) == ""
    change = "UPDATE accounts_rolegrant SET role = 'auditor' WHERE role = 'analyst'"
    assert "excludes another role" in portal.refusal_of(change)


def test_migrations_go_back_and_forth(portal):
    """Last in this file: it removes the triggers and installs them again."""
    assert portal.manage("verify_audit").returncode == 0
    back = portal.manage("migrate", "-v0", "audit", "0001")
    assert back.returncode == 0, back.stderr
    forth = portal.manage("migrate", "-v0", "audit")
    assert forth.returncode == 0, forth.stderr
    assert "append-only" in portal.refusal_of("UPDATE audit_event SET verb = 'x'")


def test_the_portal_passes_the_deployment_check(tmp_path):
    env = {
        **os.environ, "CLEANROOM_HOME": str(tmp_path), "CLEANROOM_ENVIRONMENT": "production",
        "DJANGO_SETTINGS_MODULE": "portal.config.settings",
        "CLEANROOM_PORTAL_HOSTS": "portal.example.tw", "CLEANROOM_PORTAL_SECRET_KEY": os.urandom(40).hex(),
    }  # fmt: skip
    made = Portal(env, tmp_path)
    run = made.manage("check", "--deploy", "--fail-level", "WARNING")
    assert run.returncode == 0, run.stderr
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    assert made.manage("migrate", "-v0").returncode == 0
    demo = made.manage("make_consortium", str(tmp_path / "plan.json"), "--out", str(tmp_path / "logins.json"))
    assert demo.returncode == 28 and "production" in demo.stderr and not (tmp_path / "logins.json").exists()
    founded = made.manage("found_portal", "ann", "Ann", stdin="correct horse battery\n")
    assert founded.returncode == 0, founded.stderr
    with sqlite3.connect(tmp_path / "portal" / "db.sqlite3") as database:
        [(password,)] = database.execute("SELECT password FROM accounts_user").fetchall()
    assert password.startswith("scrypt$"), "only tests have quick passwords"
