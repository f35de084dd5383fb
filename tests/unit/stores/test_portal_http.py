"""The portal's client: what is tried again, what is not, and what is never followed or leaked."""

import json

import httpx
import pytest

from cleanroom import errors
from cleanroom.contracts import governance as g
from cleanroom.contracts import messages as m
from cleanroom.stores.portal_http import BATCH, HttpPortal
from tests.factories.releases import make_draft

URL = "http://127.0.0.1:9"


def portal(handler) -> HttpPortal:
    return HttpPortal(URL, "secret-token", transport=httpx.MockTransport(handler))


def problem(status: int, reason: str, detail: str = "no") -> httpx.Response:
    body = m.Problem(title="t", status=status, detail=detail, reason=reason)
    return httpx.Response(status, json=body.model_dump(mode="json"))


def test_the_token_goes_along_and_the_path_is_the_api():
    seen = []

    def handler(request):
        seen.append((request.method, request.url.path, request.headers["authorization"]))
        return httpx.Response(200, json=[])

    assert portal(handler).participants() == []
    assert seen == [("GET", "/api/v1/participants", "Bearer secret-token")]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("mou_not_in_force", errors.MouNotInForce),
        ("gate_closed", errors.GateClosed),
        ("never_heard_of", errors.NotAllowed),
    ],
)
def test_a_problem_is_the_refusal_it_names(reason, kind):
    with pytest.raises(kind, match="the MoU ended") as caught:
        portal(lambda _: problem(403, reason, "the MoU ended")).gate("700")
    assert not isinstance(caught.value, errors.Fault)


def test_a_refusal_without_a_reason_is_still_a_refusal():
    with pytest.raises(errors.NotAllowed, match="status 400"):
        portal(lambda _: httpx.Response(400, text="<html>")).gate("700")


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_failing_server_is_a_fault(status):
    with pytest.raises(errors.PortalFault):
        portal(lambda _: httpx.Response(status)).gate("700")


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_a_fault(body):
    with pytest.raises(errors.PortalFault, match="JSON"):
        portal(lambda _: httpx.Response(200, content=body)).post("/participants", {})


def test_no_answer_is_a_fault_and_names_no_secret():
    def handler(request):
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(errors.PortalFault) as caught:
        portal(handler).gate("700")
    assert "secret-token" not in str(caught.value)


def test_a_redirect_is_not_followed():
    with pytest.raises(errors.NotAllowed):
        portal(lambda _: httpx.Response(302, headers={"location": "http://elsewhere.example/"})).gate("700")


def test_an_answer_of_another_shape_is_a_fault():
    with pytest.raises(errors.PortalFault, match="another shape"):
        portal(lambda _: httpx.Response(200, json={"participant": "700"})).gate("700")


def test_no_release_is_none():
    assert portal(lambda _: problem(404, "not_found")).current_release("mule_score") is None


def test_warnings_go_in_batches():
    sizes = []

    def handler(request):
        sizes.append(len(json.loads(request.content)))
        return httpx.Response(200, json={"accepted": sizes[-1]})

    warning = m.WarningMessage(
        warning_id="0" * 32, participant="700", kind="mule", severity="normal", release_id="r",
        reason_codes=("fan_in",),
        amount_bound_cents=1, layer=1, composed_at="2026-01-01T00:00:00Z", sealed_body="YQ==",
    )  # fmt: skip
    assert portal(handler).send_warnings([warning] * (BATCH + 1)) == BATCH + 1
    assert sizes == [BATCH, 1]


def test_a_token_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "token"
    path.write_text("t")
    path.chmod(0o644)
    with pytest.raises(errors.SettingsInvalid, match="chmod 600"):
        HttpPortal.from_token_file(URL, path)
    path.chmod(0o600)
    HttpPortal.from_token_file(URL, path).close()
    with pytest.raises(errors.SettingsInvalid, match="missing"):
        HttpPortal.from_token_file(URL, tmp_path / "none")


def test_releases_are_read_page_by_page_and_never_in_a_circle():
    records = [release_record(f"r-{i}") for i in range(3)]
    asked = []

    def pages(request):
        asked.append(request.url.params.get("after"))
        begin = 0 if asked[-1] is None else int(asked[-1].removeprefix("r-")) + 1
        return httpx.Response(200, json=records[begin : begin + 2])

    found = portal(pages).releases()
    assert [r.draft.release_id for r in found] == ["r-0", "r-1", "r-2"] and asked == [None, "r-1", "r-2"]
    with pytest.raises(errors.PortalFault, match="same page"):
        portal(lambda _: httpx.Response(200, json=records)).releases()


def release_record(name: str) -> dict:
    draft = make_draft(release_id=name, developer="dev")
    return g.ReleaseRecord(draft=draft, state="evaluated", sign_offs=(), waivers=(), released_at=None).model_dump(
        mode="json"
    )
