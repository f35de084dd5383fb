"""The table of rights: complete, closed where it says nothing, and the same for `may` and `check_may`."""

from types import SimpleNamespace

import pytest

from cleanroom.errors import NotAllowed
from cleanroom.vocabulary.terms import Role
from portal.accounts.names import CAPACITY_NAMES, INCOMPATIBLE, ROLE_NAMES, SERVICES
from portal.accounts.permissions import ACTS, RIGHTS, Permission, Scope, check_may, may, may_anywhere, within_reach


def someone(*roles, institution=None, active=True):
    return SimpleNamespace(roles=frozenset(roles), institution_code=institution, is_active=active)


def test_every_right_has_its_row_and_its_sentence():
    assert set(RIGHTS) == set(Permission) == set(ACTS)
    assert all(RIGHTS[permission] for permission in Permission), "a right that nobody holds"
    assert set(ROLE_NAMES) == {role.value for role in Role}
    assert len(CAPACITY_NAMES) == 8


def test_the_answer_is_the_table_for_every_role_and_right():
    looked_at = 0
    for permission in Permission:
        for role in Role:
            scope = RIGHTS[permission].get(role)
            person = someone(role, institution="808")
            assert bool(may(person, permission)) == (scope is Scope.ALL)
            assert bool(may(person, permission, institution="808")) == (scope is not None)
            assert bool(may(person, permission, institution="822")) == (scope is Scope.ALL)
            assert may_anywhere(person, permission) == (scope is not None)
            looked_at += 1
    assert looked_at == len(Permission) * len(Role) > 400


def test_the_check_raises_with_the_sentence_of_the_answer():
    for person in (someone(), someone(Role.PARTICIPANT_OFFICER, institution="822")):
        answer = may(person, Permission.SIGN_MOU, institution="808")
        with pytest.raises(NotAllowed) as caught:
            check_may(person, Permission.SIGN_MOU, institution="808")
        assert caught.value.sentence == answer.why != ""


def test_a_closed_account_may_nothing():
    person = someone(*Role, institution="808", active=False)
    assert not any(may(person, permission, institution="808") for permission in Permission)


def test_an_own_scope_without_an_institution_reaches_nothing():
    person = someone(Role.DATA_STEWARD)
    assert not may(person, Permission.RATIFY_SPECIFICATION)
    assert not may(person, Permission.RATIFY_SPECIFICATION, institution=None)
    assert not may(person, Permission.RATIFY_SPECIFICATION, institution="808")


def test_reach():
    assert within_reach(someone(Role.AUDITOR), Permission.READ_PARTICIPANT) is None
    officer = someone(Role.PARTICIPANT_OFFICER, institution="808")
    assert within_reach(officer, Permission.READ_PARTICIPANT) == {"808"}
    with pytest.raises(NotAllowed):
        within_reach(someone(Role.ANALYST), Permission.READ_PARTICIPANT)


def test_the_auditor_changes_nothing():
    reads = {p for p in Permission if p.value.startswith("read_")}
    held = {p for p in Permission if Role.AUDITOR in RIGHTS[p]}
    assert held and held <= reads


def test_who_administers_accounts_decides_nothing():
    held = {p for p in Permission if Role.PLATFORM_ADMINISTRATOR in RIGHTS[p] and not p.value.startswith("read_")}
    assert held == {Permission.MANAGE_PEOPLE, Permission.ISSUE_TOKEN}


def test_two_person_rights_lie_with_roles_that_exclude_each_other():
    pairs = [
        (Permission.PROPOSE_ENDPOINT, Permission.APPROVE_ENDPOINT),
        (Permission.DRAFT_RELEASE, Permission.APPROVE_WAIVER),
    ]
    for first, second in pairs:
        assert RIGHTS[first] and RIGHTS[second], "this test would pass on nothing"
        for one in RIGHTS[first]:
            for other in RIGHTS[second]:
                assert frozenset({one, other}) in INCOMPATIBLE, (first, one, second, other)


def test_services_hold_no_right_to_decide():
    deciding = {
        Permission.SIGN_MOU, Permission.RATIFY_SPECIFICATION, Permission.SIGN_RELEASE, Permission.APPROVE_WAIVER,
        Permission.PUBLISH_RELEASE, Permission.APPROVE_ENDPOINT, Permission.MANAGE_PEOPLE, Permission.APPROVE_ROOM_KEY,
    }  # fmt: skip
    assert SERVICES and all(RIGHTS[permission] for permission in deciding), "this test would pass on nothing"
    assert all(not (set(RIGHTS[permission]) & SERVICES) for permission in deciding)
