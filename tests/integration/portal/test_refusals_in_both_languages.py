"""Whatever the API refuses, it says in English and in Traditional Chinese: who reads is known to the caller alone."""

import ast
import json
import re
from pathlib import Path

import pytest
from django.test import Client

from cleanroom import errors
from cleanroom.vocabulary.terms import Role
from portal.common.misfits import misfit
from portal.common.said import in_both
from portal.config.api import api
from tests.factories.portal import make_participant, make_person, token_for

pytestmark = pytest.mark.django_db
PORTAL = Path(__file__).resolve().parents[3] / "portal"
FAMILY = {name for name, kind in vars(errors).items()
          if isinstance(kind, type) and issubclass(kind, errors.CleanroomError)}  # fmt: skip
# Told to operators in a terminal, or kept as the state of a delivery; no caller of the API gets them.
NOT_TOLD = ("config/", "management/", "alerts/transport.py")
CHINESE, PLACEHOLDERS = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"\{(\w+)\}")


def refusals() -> list[tuple[str, ast.Call]]:
    found = []
    for path in PORTAL.rglob("*.py"):
        place = path.relative_to(PORTAL).as_posix()
        if not any(part in place for part in NOT_TOLD):
            raised = (node.exc for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Raise))
            calls = [call for call in raised if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]
            found += [(f"{place}:{call.lineno}", call) for call in calls if call.func.id in FAMILY]
    return found


def test_every_refusal_that_the_portal_makes_brings_both_sentences():
    """`said` and `in_both` make both, the catalogues hold the Chinese; or `zh` stands beside the English."""
    made = refusals()
    assert len(made) > 120
    alone = [place for place, call in made if not {None, "zh"} & {word.arg for word in call.keywords}]
    assert alone == []


def calls() -> list[tuple[str, str]]:
    return [(method.upper(), PLACEHOLDERS.sub("none", path))
            for path, methods in api.get_openapi_schema()["paths"].items() for method in methods]  # fmt: skip


def answered(method: str, path: str, body: object, token: str | None = None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client().generic(method, path, json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.parametrize("caller", ["nobody", "without a role", "the room", "an officer", "with a wrong body"])
def test_every_call_refuses_in_both_languages(caller):
    make_participant("808")
    room = make_person(Role.ROOM_SERVICE)
    token = {
        "nobody": lambda: None,
        "without a role": lambda: token_for(make_person()),
        "an officer": lambda: token_for(make_person(Role.PARTICIPANT_OFFICER, institution="808")),
    }.get(caller, lambda: token_for(room))()
    refused = 0
    for method, path in calls():
        response = answered(method, path, [] if caller == "with a wrong body" else {}, token)
        if response.status_code < 400:
            continue
        refused += 1
        problem = json.loads(response.content)
        assert CHINESE.search(problem["detail_zh"]), (method, path, problem)
        assert not CHINESE.search(problem["detail"]), (method, path, problem)
        assert problem["reason"] in {kind.reason for kind in map(vars(errors).get, FAMILY)}, "programs go by the code"
    assert refused >= 20, (caller, refused)


def test_what_the_framework_refuses_is_a_problem_too():
    token = token_for(make_person(Role.ROOM_SERVICE))
    broken = Client().generic("POST", "/api/v1/uploads", b"{", content_type="application/json",
                              headers={"Authorization": f"Bearer {token}"})  # fmt: skip
    no_such_method = answered("DELETE", "/api/v1/incidents", None, token)
    expected = [
        (answered("GET", "/api/v1/none", None), 404, "nothing at this address"),
        (broken, 400, "not JSON"),
        (no_such_method, 405, "takes only"),
    ]
    for response, status, words in expected:
        problem = json.loads(response.content)
        assert response["Content-Type"] == "application/problem+json"
        assert (response.status_code, problem["status"]) == (status, status)
        assert words in problem["detail"] and CHINESE.search(problem["detail_zh"])
    assert "POST" in no_such_method["Allow"]


@pytest.mark.parametrize(
    "fault, english, chinese",
    [
        ({"type": "string_too_short", "ctx": {"min_length": 10}}, "at least 10 characters", "至少 10 字"),
        ({"type": "missing"}, "it is missing", "缺少此項"),
        ({"type": "a_kind_of_tomorrow", "ctx": {"x": 1}}, "it does not fit what was agreed", "與約定內容不符"),
    ],
)
def test_a_value_of_the_wrong_shape_is_told_in_words(fault, english, chinese):
    assert tuple(in_both(lambda: misfit(fault)).values()) == (english, chinese)
