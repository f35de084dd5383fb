"""Publications are kept once; the page dates every number and hides small ones from the others."""

from datetime import timedelta

import pytest

from cleanroom.contracts.messages import ResultPublication, StationRun
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.results.models import Result, StationRecord
from portal.results.suppression import hidden_beside, shown_count, shown_with
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
BLOCKED = {
    "scenarios": {
        "own_bank": {
            "money_twd": 1_000_000.0, "accounts": 10, "money_twd_interval": [900_000.0, 1_100_000.0],
            "extra_money_twd_interval": [0.0, 0.0], "innocent_accounts": None, "innocent_freeze_hours": None,
            "institutions": {
                "808": {"money_twd": 990_000.0, "accounts": 8},
                "822": {"money_twd": 10_007.0, "accounts": 2},
            },
        },
        "shared_graph_realtime": {
            "money_twd": 3_500_000.0, "accounts": 25, "money_twd_interval": [3_000_000.0, 4_000_000.0],
            "extra_money_twd_interval": [2_000_000.0, 3_000_000.0], "innocent_accounts": None,
            "innocent_freeze_hours": None,
            "institutions": {
                "808": {"money_twd": 3_000_000.0, "accounts": 20},
                "822": {"money_twd": 500_000.0, "accounts": 5},
            },
        },
    },
    "curve": {
        "delay_hours": [0, 2],
        "money_twd": {"own_bank": [1.0, 2.0], "shared_graph_realtime": [4_444_444.0, 3.0]},
    },
    "listings": 61, "reported_twd": 9_000_000.0, "came_in_twd": 8_000_000.0,
    "assumptions": [{"en": "Followed pro rata.", "zh_hant": "以比例追蹤。"}],
}  # fmt: skip

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
    assert "2,500,000 TWD and 15 accounts more than each bank alone" in shown
    assert "Precision 62.5%, recall 40.0%" in shown and "70.0%" in shown and "31.0%" in shown
    assert "2,000,000 – 3,000,000" in shown and "4,444,444" in shown and "Followed pro rata." in shown
    assert shown.count("2026-11-23") >= 6
    assert shown.count("<svg") == 3 and "<script>" not in shown and "style=" not in shown


def test_the_stations_of_the_last_run_are_in_order(published, room_api, page):
    shown = page(make_person(Role.COORDINATOR))
    assert "Run run-1" in shown
    assert shown.index("Money flow</th>") < shown.index("Scoring</th>")


def test_small_numbers_of_others_are_hidden_from_participants(published, page):
    central = page(make_person(Role.AUDITOR))
    assert ">2<" in central and "10,007" in central and "&lt; 5" not in central
    own = page(make_person(Role.PARTICIPANT_OFFICER, institution="808"))
    candidates = '<th scope="row">808</th><td class="number">3</td>'
    assert candidates in central and candidates in own, "the own row is the reader's to see"
    assert '<td class="number">44</td><td class="number">0</td><td class="number">&lt; 5</td>' in own
    assert "&lt; 5</td>" in own and "10,007" not in own and "990,000" in own
    assert '<td class="digest">amount</td><td class="number">2</td>' in own, "the own pair is the reader's to see"
    assert '<td class="digest">missing</td><td class="number">3</td>' not in own


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


def test_a_scenarios_total_does_not_give_a_small_institution_away(room_api, page):
    make_participant("808")
    institutions = {
        "808": {"money_twd": 600_000.0, "accounts": 6},
        "700": {"money_twd": 10_007.0, "accounts": 2},
        "822": {"money_twd": 77_777.0, "accounts": 12},
    }
    own_bank = BLOCKED["scenarios"]["own_bank"] | {"institutions": institutions, "accounts": 20}
    body = BLOCKED | {"scenarios": BLOCKED["scenarios"] | {"own_bank": own_bank}}
    assert room_api("POST", "/results", publication("blocked", body))[0] == 200
    assert "77,777" in page(make_person(Role.AUDITOR))
    shown = page(make_person(Role.PARTICIPANT_OFFICER, institution="808"))
    assert "600,000" in shown and "10,007" not in shown and "77,777" not in shown
    assert '<th scope="row">822</th><td class="number">–</td><td class="number">–</td>' in shown


def test_everybody_reads_results_in_both_languages(published, page):
    assert "多攔阻新臺幣 2,500,000 元" in page(make_person(Role.ANALYST), "zh-hant")


def test_participants_see_no_counts_of_stations(published, page):
    """The rows of dispatch are the sum over all institutions: less the rows that are shown, it gives a hidden one."""
    for role in (Role.PARTICIPANT_OFFICER, Role.DATA_STEWARD, Role.GOVERNANCE_REVIEWER):
        shown = page(make_person(role, institution="808"))
        assert "Run run-1" in shown and "1.5</td>" in shown
        assert "1,234" not in shown and ">Steps</th>" not in shown
    central = page(make_person(Role.AUDITOR))
    assert "1,234</td>" in central and ">Steps</th>" in central
