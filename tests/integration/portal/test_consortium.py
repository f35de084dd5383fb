"""The demo's people: enough of them for every sign-off, made through the actions, and never in production."""

import json
import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.accounts.consortium import Plan, seats
from portal.accounts.models import User
from portal.accounts.tokens import holder_of
from portal.audit.chain import verify
from portal.audit.models import Event
from portal.participants.models import Participant
from portal.programme.models import Milestone

pytestmark = pytest.mark.django_db
INSTITUTIONS = [
    {"code": "808", "name": "First Demo Bank", "name_zh": "第一示範銀行", "sector": "bank"},
    {"code": "822", "name": "Second Demo Bank", "name_zh": "第二示範銀行", "sector": "bank"},
]


@pytest.fixture
def files(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"institutions": INSTITUTIONS}))
    return plan, tmp_path / "out" / "logins.json"


def make(files) -> list[dict]:
    plan, out = files
    call_command("make_consortium", plan, out=out, verbosity=0, stdout=StringIO())
    return json.loads(out.read_text())


def test_everyone_can_sign_in_or_call(files):
    logins = make(files)
    assert stat.S_IMODE(files[1].stat().st_mode) == 0o600
    assert len(logins) == len({login["username"] for login in logins}) == 16 + 1 + 2 * 4 + 1
    for login in logins:
        user = User.objects.get(username=login["username"])
        assert holder_of(login["api_token"]) == user and user.is_demo
        assert user.is_service or user.check_password(login["password"])
        assert {role.value for role in user.roles} == set(login["roles"]) != set()
    assert verify().whole


def test_every_role_and_every_capacity_is_held_by_someone_of_their_own(files):
    logins = make(files)
    assert {role for login in logins for role in login["roles"]} == {role.value for role in Role}
    holders = {}
    for login in logins:
        for capacity in login["capacities"]:
            holders.setdefault(capacity, []).append(login)
    assert set(holders) == {capacity.value for capacity in SignOffRole}
    people = [login["username"] for group in holders.values() for login in group]
    assert len(people) == len(set(people)), "one person in two capacities could sign twice"
    assert {login["institution"] for login in holders["institution_reviewer"]} == {"808", "822"}
    assert all(login["institution"] for login in holders["external_validator"])
    assert sum("coordinator" in login["roles"] for login in logins) == 2


def test_again_changes_nothing(files):
    first, events = make(files), Event.objects.count()
    assert make(files) == first
    assert Event.objects.count() == events > 80


def test_lost_logins_are_renewed(files):
    first = make(files)
    files[1].unlink()
    second = make(files)
    assert [login["username"] for login in second] == [login["username"] for login in first]
    assert holder_of(first[1]["api_token"]) is None and holder_of(second[1]["api_token"])


def test_an_institution_more_is_added(files):
    make(files)
    more = {"code": "901", "name": "Telecom", "name_zh": "電信", "sector": "telecom"}
    files[0].write_text(json.dumps({"institutions": [*INSTITUTIONS, more]}))
    logins = make(files)
    assert {login["username"] for login in logins} >= {"officer-901", "upload-901"}
    assert Participant.objects.count() == 3 and Participant.objects.get(code="901").state == "invited"


def test_the_programme_is_planned(files):
    make(files)
    kinds = set(Milestone.objects.values_list("evidence_kind", flat=True))
    assert kinds >= {"mou_signed", "specification_ratified", "first_upload_accepted", "model_released"}
    assert Milestone.objects.exclude(done_at=None).count() == 0


def test_never_in_production(files, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        make(files)
    assert not User.objects.exists() and not files[1].exists()


def test_never_beside_real_people(files):
    from portal.accounts.actions.people import found_portal

    found_portal(username="administrator", full_name="Someone real", password="correct horse battery")
    with pytest.raises(CommandError, match="real people"):
        make(files)


@pytest.mark.parametrize("text", ["{}", '{"institutions": []}', "nonsense", '{"institutions": [{"code": "8"}]}'])
def test_a_plan_that_is_none_is_refused(files, text):
    files[0].write_text(text)
    with pytest.raises(CommandError, match="not a plan"):
        make(files)
    assert not User.objects.exists()


def test_no_seat_holds_roles_that_exclude_each_other():
    from itertools import combinations

    from portal.accounts.names import INCOMPATIBLE

    looked_at = 0
    for seat in seats(Plan(institutions=INSTITUTIONS)):
        assert not [pair for pair in combinations(seat.roles, 2) if frozenset(pair) in INCOMPATIBLE]
        looked_at += 1
    assert looked_at > 20


def test_the_schema_is_that_of_the_models():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())
