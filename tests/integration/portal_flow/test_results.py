"""Publications are kept once; the page dates every number and hides small ones from the others."""

from datetime import timedelta

import pytest

from cleanroom.contracts.messages import ResultPublication, StationRun
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.results.models import Result, StationRecord
from portal.results.redaction import for_reader
from portal.results.suppression import hidden_beside, shown_count, shown_with
from tests.factories.blocked import blocked_of
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import NOW

pytestmark = pytest.mark.django_db

LAYERS = {
    "rows": [
        {"direction": "forward", "layer": 0, "institution": "808", "accounts": 40, "first_reached": 40},
        {"direction": "forward", "layer": 1, "institution": "808", "accounts": 3, "first_reached": 2},
    ],
    "cumulative_seconds": [0.1, 0.4, 1.2],
}
LEGS = {
    "rows": [
        {"sender_institution": "808", "receiver_institution": "822", "leg_state": "disagreeing", "issue": "amount",
         "transfers": 2, "legs": 4, "amount_cents": 100},
        {"sender_institution": "700", "receiver_institution": "822", "leg_state": "unmatched", "issue": "missing",
         "transfers": 3, "legs": 3, "amount_cents": 100},
    ],
    "totals": {"legs_own": 100, "legs_matched": 50, "legs_unmatched": 3, "legs_disagreeing": 2},
}  # fmt: skip
BLOCKED = blocked_of(9)  # alone 30,009 TWD on 3 accounts, together 90,036 TWD on 9; of one chain no pattern is known
DISPATCH = {
    "release_id": "score-1", "daily_cap": 500, "totals": {"send": 47},
    "institutions": {"808": {"send": 3, "mule": 3}, "822": {"send": 44, "unroutable": 2}},
}  # fmt: skip
DETECTION = {
    "precision": 0.625, "recall": 0.4,
    "by_capacity": [{"capacity": 50, "precision": 0.7, "recall": 0.2}],
    "baseline_by_capacity": [{"capacity": 50, "precision": 0.31, "recall": 0.1}],
}  # fmt: skip


def station(seconds=1.5, **changes) -> dict:
    run = {
        "run_id": "run-1", "station": "moneyflow", "step": "build", "started_at": NOW, "seconds": seconds,
        "rows": 1234, "detail": {},
    }  # fmt: skip
    return StationRun(**(run | changes)).model_dump(mode="json")


def publication(kind, body, **changes) -> dict:
    said = {"run_id": "run-1", "kind": kind, "computed_at": NOW, "body": body}
    return ResultPublication(**(said | changes)).model_dump(mode="json")


def test_a_station_reports_once(room_api):
    assert room_api("POST", "/station-runs", station())[0] == 200
    assert room_api("POST", "/station-runs", station())[0] == 200
    assert StationRecord.objects.count() == Event.objects.filter(verb="station.reported").count() == 1


def test_a_result_is_kept_once_and_the_later_computation_stands(room_api):
    for _ in range(2):
        assert room_api("POST", "/results", publication("blocked", BLOCKED))[0] == 200
    assert Event.objects.filter(verb="result.published").count() == 1
    later = publication("blocked", {"scenarios": {}}, computed_at=NOW + timedelta(minutes=1))
    assert room_api("POST", "/results", later)[0] == 200
    assert room_api("POST", "/results", publication("blocked", BLOCKED))[0] == 403
    assert Result.objects.get().body == {"scenarios": {}}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ROOM_SERVICE])
def test_only_the_room_publishes(role, api_of):
    api = api_of(make_person(role, institution="808"))
    assert api("POST", "/results", publication("blocked", BLOCKED))[0] == 403
    assert api("POST", "/station-runs", station())[0] == 403


@pytest.fixture
def page(client):
    def get(person, language="en") -> str:
        client.force_login(person, backend="portal.accounts.backends.PersonBackend")
        client.cookies["django_language"] = language
        response = client.get("/results/")
        assert response.status_code == 200
        return response.content.decode()

    return get


def test_the_page_without_any_result_says_so(db, page):
    shown = page(make_person(Role.COORDINATOR))
    assert "Not computed yet" in shown and "No station has reported yet" in shown


@pytest.fixture
def published(room_api):
    make_participant("808")
    for kind, body in (("blocked", BLOCKED), ("layers", LAYERS), ("legs", LEGS)):
        assert room_api("POST", "/results", publication(kind, body))[0] == 200
    room_api("POST", "/results", publication("detection", DETECTION))
    room_api("POST", "/results", publication("dispatch", DISPATCH))
    room_api("POST", "/station-runs", station())
    room_api("POST", "/station-runs", station(station="scoring", started_at=NOW + timedelta(minutes=1)))


def test_the_page_shows_the_extra_and_dates_every_number(published, page):
    shown = page(make_person(Role.COORDINATOR))
    assert "60,027 TWD more and 6 accounts more than each bank alone" in shown
    assert "Precision 62.5%, recall 40.0%" in shown and "70.0%" in shown and "31.0%" in shown
    low, high = BLOCKED["scenarios"]["shared_graph_realtime"]["extra_money_twd_interval"]
    assert f"{low:,.0f} – {high:,.0f}" in shown and "pro rata (haircut)" in shown
    assert "Each measure by itself" in shown and "By itself “Shared graph, in real time”" in shown
    assert shown.count("2026-11-23") >= 6
    assert shown.count('class="bar-text"') == 4 + 2 and "whisker" not in shown, (
        "a level has no interval to pass its bound"
    )
    assert shown.count("<svg") == 6 and "<script>" not in shown and "style=" not in shown


def test_the_curve_has_a_band_for_each_scenario_beyond_each_bank_alone(published, page):
    shown = page(make_person(Role.COORDINATOR))
    assert shown.count('class="line line-') == 9
    assert shown.count('class="band ') == 6, "no innocent account in any redraw: no band"
    assert shown.count('class="dot dot-1"') == 3 * len(BLOCKED["curve"]["delay_hours"])
    for part in ("700", "822", "fan-out", "0 (where the loss came in)"):
        assert f'<th scope="row">{part}</th>' in shown and f"<summary>{part}</summary>" in shown


def test_few_families_of_cases_have_no_interval(room_api, page):
    few = blocked_of(4)
    assert few["families"] == 4 and few["scenarios"]["shared_graph_realtime"]["extra_money_twd_interval"] is None
    assert room_api("POST", "/results", publication("blocked", few))[0] == 200
    shown = page(make_person(Role.COORDINATOR))
    assert "too few families of cases" in shown and "20,003 TWD more and 2 accounts more" in shown
    assert 'class="band ' not in shown and "bands are" not in shown and shown.count('class="line line-') == 9


def test_the_stations_of_the_last_run_are_in_order(published, room_api, page):
    shown = page(make_person(Role.COORDINATOR))
    assert "Run run-1" in shown
    assert shown.index("Money flow</th>") < shown.index("Scoring</th>")


def test_small_numbers_of_others_are_hidden_from_participants(published, page):
    central = page(make_person(Role.AUDITOR))
    row = '<th scope="row">822</th><td class="number">30,009</td><td class="number">3</td>'
    assert ">2<" in central and row in central and "&lt; 5" not in central
    own = page(make_person(Role.PARTICIPANT_OFFICER, institution="808"))
    candidates = '<th scope="row">808</th><td class="number">3</td>'
    assert candidates in central and candidates in own, "the own row is the reader's to see"
    assert '<td class="number">44</td><td class="number">0</td><td class="number">&lt; 5</td>' in own
    assert "&lt; 5</td>" in own
    assert row not in own and '<th scope="row">822</th><td class="number">–</td><td class="number">–</td>' in own
    at_822 = page(make_person(Role.PARTICIPANT_OFFICER, institution="822"))
    assert row in at_822
    assert '<td class="digest">amount</td><td class="number">2</td>' in own, "the own pair is the reader's to see"
    assert '<td class="digest">missing</td><td class="number">3</td>' not in own


def test_what_a_reader_gets_holds_no_small_cell_of_others_and_no_complement(db):
    body = blocked_of(9)
    reader = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    seen = for_reader(body, reader)
    assert for_reader(body, make_person(Role.AUDITOR)) == body, "central staff sees all"
    looked_at = 0
    for what, rows in seen["parts"].items():
        for which, part in rows.items():
            for scenario, series in part["scenarios"].items():
                told = body["parts"][what][which]["scenarios"][scenario]
                for count, money in zip(series["accounts"], series["money_twd"], strict=True):
                    looked_at += 1
                    assert (what, which) == ("institution", "808") or count is None or count == 0 or count >= 5
                    assert (count is None) == (money is None)
                assert len(series["money_twd"]) == len(told["money_twd"])
    assert looked_at > 50
    # Together 9 less the 6 of 700 would give the 3 of 822 away.
    at = body["curve"]["delay_hours"].index(2)
    together = {which: part["scenarios"]["shared_graph_realtime"]["accounts"][at]
                for which, part in seen["parts"]["institution"].items()}  # fmt: skip
    assert together == {"700": None, "808": 0, "822": None}


@pytest.mark.parametrize(("form", "begins"), [("html", b"<!doctype html>"), ("pdf", b"%PDF-")])
def test_the_report_is_the_reader_s(published, client, form, begins):
    client.force_login(make_person(Role.PARTICIPANT_OFFICER, institution="808"),
                       backend="portal.accounts.backends.PersonBackend")  # fmt: skip
    client.cookies["django_language"] = "zh-hant"
    answer = client.get(f"/results/blocked.{form}")
    assert answer.status_code == 200 and answer.content.startswith(begins)
    assert f'filename="blocked-20261123.{form}"' in answer["Content-Disposition"]
    if form == "html":
        text = answer.content.decode()
        assert "聯防攔阻成效" in text and "略去" in text and "30,009 / 3" not in text


def test_without_an_answer_there_is_no_report(client, room_api):
    client.force_login(make_person(Role.COORDINATOR), backend="portal.accounts.backends.PersonBackend")
    assert client.get("/results/blocked.pdf").status_code == 404
    assert room_api("POST", "/results", publication("blocked", {"scenarios": {}}))[0] == 200
    assert client.get("/results/blocked.pdf").status_code == 404
    assert client.get("/results/").status_code == 200


def test_models_in_the_shadow_are_shown_by_what_came_later(room_api, page):
    figures = {"extra_money_twd": 12_345.0, "extra_money_twd_interval": [1.0, 23_456.0], "extra_accounts": 4}
    body = {"releases": {"score-9": {
        "runs": [{}, {}], "notices": 40, "families": 5,
        "right": {"in_pattern": None, "listed_later": {"precision": 0.25}},
        "alone": {"innocent_accounts": None, "accounts_controlled_not_listed": 3},
        "with_notices": figures | {"innocent_accounts": None, "accounts_controlled_not_listed": 33},
    }}}  # fmt: skip
    assert "No model has run in the shadow yet." in page(make_person(Role.ANALYST))
    assert room_api("POST", "/results", publication("shadow", body))[0] == 200
    shown = page(make_person(Role.COORDINATOR))
    assert "score-9" in shown and "25.0%" in shown and "12,345" in shown and "1 – 23,456" in shown
    assert '<td class="number">30</td></tr>' in shown
    body["releases"]["score-9"]["with_notices"]["extra_money_twd_interval"] = None
    assert room_api("POST", "/results", publication("shadow", body, computed_at=NOW + timedelta(minutes=1)))[0] == 200
    shown = page(make_person(Role.COORDINATOR))
    assert "12,345" in shown and "23,456" not in shown


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (1, "< 5"), (4, "< 5"), (5, "5"), (1200, "1,200")])
def test_small_counts(count, shown):
    assert shown_count(count, suppress=True) == shown
    assert shown_count(count, suppress=False) == f"{count:,}"
    assert (shown_with(7.0, count, suppress=True) is None) == (0 < count < 5)


@pytest.mark.parametrize(
    ("counts", "beside"),
    [
        ({"own": 2, "a": 3, "b": 40, "c": 9}, {"c"}),
        ({"own": 90, "a": 3, "b": 4, "c": 9}, set()),
        ({"own": 90, "a": 1, "b": 1, "c": 9, "d": 30}, {"c"}),
        ({"own": 90, "a": 0, "b": 7}, set()),
        ({"own": 90, "a": 3}, set()),
    ],
)
def test_no_small_count_is_left_alone_beside_a_total(counts, beside):
    assert hidden_beside(counts, suppressed=counts.keys() - {"own"}) == beside
    assert hidden_beside(counts, suppressed=()) == set()


def test_everybody_reads_results_in_both_languages(published, page):
    assert "多攔阻新臺幣 60,027 元" in page(make_person(Role.ANALYST), "zh-hant")


def test_participants_see_no_counts_of_stations(published, page):
    """The rows of dispatch are the sum over all institutions: less the rows that are shown, it gives a hidden one."""
    for role in (Role.PARTICIPANT_OFFICER, Role.DATA_STEWARD, Role.GOVERNANCE_REVIEWER):
        shown = page(make_person(role, institution="808"))
        assert "Run run-1" in shown and "1.5</td>" in shown
        assert "1,234" not in shown and ">Steps</th>" not in shown
    central = page(make_person(Role.AUDITOR))
    assert "1,234</td>" in central and ">Steps</th>" in central
