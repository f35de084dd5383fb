"""Decisions on submissions: kept once, changed by the table, shown to their own institution only."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cleanroom.contracts.messages import RuleResult
from cleanroom.vocabulary.terms import Dataset, Role, UploadState
from portal.audit.models import Event
from portal.programme.models import Milestone, Phase
from portal.uploads import queries
from portal.uploads.actions.order import approve_order, order
from portal.uploads.models import Decision, RuleOutcome, Submission
from portal.uploads.orders import RULES
from portal.uploads.states import NEXT
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import NOW, upload

pytestmark = pytest.mark.django_db

REFUSED = {"state": "refused", "reason": "mou_not_in_force", "sentence": "Sign the MoU first."}
BROKEN = RuleResult(
    rule="amount_positive", column="amount_twd", severity="fail", passed=False, failed_rows=3, row_numbers=(5, 9, 1200)
)
NOTED = RuleResult(rule="channel_known", column="channel", severity="warn", passed=True, failed_rows=0)


@pytest.fixture
def bank(db):
    return make_participant("808")


def report(api, number=1, **changes):
    return api("POST", "/uploads", upload(number, **changes).model_dump(mode="json"))


def test_a_report_is_kept_once(room_api, bank):
    first, again = report(room_api), report(room_api)
    assert first == again and first[0] == 200
    assert Submission.objects.count() == Decision.objects.count() == 1
    assert Event.objects.filter(verb="upload.accepted").count() == 1


def test_the_first_accepted_upload_closes_the_milestone(room_api, bank):
    phase = Phase.objects.create(
        key="t", position=90, name="t", name_zh="t", starts_on="2026-11-01", ends_on="2026-12-01"
    )
    milestone = Milestone.objects.create(
        phase=phase, key="t", name="t", name_zh="t", due_on="2026-12-01", evidence_kind="first_upload_accepted"
    )
    report(room_api, **REFUSED)
    milestone.refresh_from_db()
    assert milestone.done_at is None
    report(room_api, 2)
    milestone.refresh_from_db()
    assert milestone.evidence == f"upload:{2:064x}"


SAID = {
    UploadState.ACCEPTED: {},
    UploadState.HELD: {"state": "held", "reason": "sequence_skipped", "sentence": "Waits."},
    UploadState.QUARANTINED: {"state": "quarantined", "reason": "quality_gate_failed", "sentence": "Broken."},
    UploadState.REFUSED: REFUSED,
    UploadState.SUPERSEDED: {"state": "superseded"},
    UploadState.WITHDRAWN: {"state": "withdrawn"},
}
LANDED = [UploadState.ACCEPTED, UploadState.SUPERSEDED, UploadState.WITHDRAWN]


def order_what_it_takes(before, after, number=1):
    """The order of two people without which the room may not report this change."""
    for kind, rule in RULES.items():
        if (before, after) == (rule.only_on, rule.leads_to):
            steward = make_person(Role.DATA_STEWARD, institution="808")
            made = order(by=steward, submission_id=f"{number:064x}", kind=kind, reason="the test needs it so")
            approve_order(by=make_person(Role.KEY_CUSTODIAN), order_id=made.order_id)


def bring_to(api, state):
    """The first submission, in this state, by the way that leads there."""
    if state in LANDED[1:]:
        report(api)
        order_what_it_takes(UploadState.ACCEPTED, state)
    assert report(api, **SAID[state])[0] == 200


@pytest.mark.parametrize("before", list(UploadState))
@pytest.mark.parametrize("after", list(UploadState))
def test_a_decision_follows_the_table(room_api, bank, before, after):
    bring_to(room_api, before)
    order_what_it_takes(before, after)
    status, _ = report(room_api, **SAID[after])
    allowed = after == before or after in NEXT[before]
    assert (status == 200) == allowed
    assert Submission.objects.get().state == (after if allowed else before)


@pytest.mark.parametrize("landed", LANDED)
def test_a_number_lands_once_also_by_the_database(room_api, bank, landed):
    bring_to(room_api, landed)
    status, problem = report(room_api, 2)
    assert (status, problem["reason"]) == (409, "sequence_replayed")
    assert Submission.objects.count() == 1


def test_a_submission_keeps_its_owner_and_dataset(room_api, bank):
    report(room_api, **SAID[UploadState.HELD])
    make_participant("822")
    assert report(room_api, participant="822")[0] == 403
    assert report(room_api, dataset="accounts")[0] == 403


def test_an_unknown_institution_is_refused(room_api, db):
    assert report(room_api)[1]["reason"] == "unknown_institution"


def test_the_history_of_decisions_is_written_once(room_api, bank):
    report(room_api, **SAID[UploadState.HELD])
    report(room_api)
    assert [d.state for d in Decision.objects.all()] == ["held", "accepted"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(state="refused")


def test_rule_results_are_those_of_the_latest_decision(room_api, bank):
    report(room_api, **SAID[UploadState.HELD], quality=(BROKEN,))
    report(room_api, quality=(NOTED,))
    assert [(o.rule, o.passed) for o in RuleOutcome.objects.all()] == [("channel_known", True)]


def test_next_numbers_count_what_landed_alone(room_api, bank):
    assert queries.next_sequences("808") == dict.fromkeys(Dataset, 1)
    report(room_api)
    report(room_api, 2, sequence=3, **SAID[UploadState.HELD])
    report(room_api, 3, sequence=7, **REFUSED)
    found = queries.next_sequences("808")
    assert found[Dataset.TRANSFERS] == 2 and found[Dataset.ACCOUNTS] == 1
    assert queries.first_accepted_at("808") == NOW and queries.first_accepted_at("822") is None
    order_what_it_takes(UploadState.ACCEPTED, UploadState.WITHDRAWN)
    report(room_api, **SAID[UploadState.WITHDRAWN])
    assert queries.next_sequences("808")[Dataset.TRANSFERS] == 2, "a number that landed is never used again"
    assert queries.first_accepted_at("808") == NOW


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ROOM_SERVICE])
def test_only_the_room_reports(role, api_of, bank):
    assert report(api_of(make_person(role, institution="808")))[0] == 403


def test_readers_see_their_own_institution(room_api, api_of, bank):
    make_participant("822")
    report(room_api)
    report(room_api, 2, participant="822")
    own = api_of(make_person(Role.UPLOAD_SERVICE, institution="808"))
    assert [u["participant"] for u in own("GET", "/uploads")[1]] == ["808"]
    assert own("GET", "/uploads?participant=822")[1] == []
    assert len(room_api("GET", "/uploads")[1]) == 2
    assert [u["participant"] for u in room_api("GET", "/uploads?participant=822")[1]] == ["822"]
    assert api_of(make_person(Role.ANALYST))("GET", "/uploads")[0] == 403


# --- the calendar -------------------------------------------------------------------------------------------------


def states(line) -> str:
    return "".join(day.state[0] for day in line.days)


def test_the_calendar_shows_what_is_missing(room_api, bank):
    report(room_api, period_first="2026-11-01", period_last="2026-11-03")
    report(room_api, 2, sequence=2, period_first="2026-11-06", period_last="2026-11-07")
    report(room_api, 3, sequence=3, period_first="2026-11-07", period_last="2026-11-09", **SAID[UploadState.HELD])
    report(room_api, 4, dataset="accounts", period_first="2026-11-02", period_last="2026-11-02", **REFUSED)
    days, lines = queries.calendar(list(Submission.objects.select_related("participant")))
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 1), date(2026, 11, 9), 9)
    assert {line.dataset: states(line) for line in lines} == {"transfers": "aaammaahh", "accounts": "mrmmmmmmm"}
    assert {line.dataset: line.missing for line in lines} == {"transfers": 2, "accounts": 8}


def test_the_calendars_window_is_bounded_and_an_empty_one_is_empty(room_api, bank):
    assert queries.calendar([]) == ([], [])
    report(room_api, period_first="2020-01-01", period_last="2026-11-10")
    days, [line] = queries.calendar(list(Submission.objects.select_related("participant")))
    assert len(days) == len(line.days) == queries.CALENDAR_DAYS
    assert line.missing == 0


def test_withdrawn_days_are_missing_and_superseded_ones_covered(room_api, bank):
    for number, first, last in ((1, "2026-11-01", "2026-11-02"), (2, "2026-11-03", "2026-11-04")):
        report(room_api, number, sequence=number, period_first=first, period_last=last)
    order_what_it_takes(UploadState.ACCEPTED, UploadState.WITHDRAWN)
    report(room_api, period_first="2026-11-01", period_last="2026-11-02", **SAID[UploadState.WITHDRAWN])
    second = {"sequence": 2, "period_first": "2026-11-03", "period_last": "2026-11-04"}
    report(room_api, 2, **second, **SAID[UploadState.SUPERSEDED])
    report(room_api, 3, **second | {"sequence": 3})
    _, [line] = queries.calendar(list(Submission.objects.select_related("participant")))
    assert states(line) == "mmaa"


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(client):
    def get(person, path):
        client.force_login(person, backend="portal.accounts.backends.PersonBackend")
        return client.get(path)

    return get


def text_of(response) -> str:
    content = response.getvalue() if response.streaming else response.content
    return content.decode("utf-8-sig")


def test_the_list_shows_own_submissions_and_their_quality(room_api, bank, page):
    make_participant("822")
    report(room_api, quality=(NOTED,))
    report(room_api, 2, dataset="accounts", **SAID[UploadState.QUARANTINED], quality=(BROKEN, NOTED))
    report(room_api, 3, participant="822")
    shown = text_of(page(make_person(Role.DATA_STEWARD, institution="808"), "/uploads/"))
    assert "Institution 808" in shown and "Institution 822" not in shown
    assert "1 of 2 rules broken" in shown and "1 rule kept" in shown
    assert 'class="day day-accepted"' in shown and 'class="day day-rejected"' in shown
    both = text_of(page(make_person(Role.AUDITOR), "/uploads/"))
    assert "Institution 822" in both


def test_the_list_filters_sorts_and_exports(room_api, bank, page):
    report(room_api)
    report(room_api, 2, dataset="accounts", **REFUSED)
    auditor = make_person(Role.AUDITOR)
    assert "1 row" in text_of(page(auditor, "/uploads/?state=refused"))
    assert "2 rows" in text_of(page(auditor, "/uploads/?sort=-sequence&state=nonsense"))
    rows = list(csv.DictReader(io.StringIO(text_of(page(auditor, "/uploads/?export=csv")))))
    assert {row["State"] for row in rows} == {"accepted", "refused"}


def test_the_error_report_is_whole_in_both_forms(room_api, bank, page):
    report(room_api, **SAID[UploadState.QUARANTINED], quality=(BROKEN, NOTED))
    steward = make_person(Role.DATA_STEWARD, institution="808")
    path = f"/uploads/{1:064x}/"
    shown = text_of(page(steward, path))
    assert "amount_positive" in shown and "Broken." in shown and "rows" not in BROKEN.rule
    lines = list(csv.DictReader(io.StringIO(text_of(page(steward, path + "errors.csv")))))
    assert [line["row_number"] for line in lines if line["rule"] == "amount_positive"] == ["5", "9", "1200"]
    assert len(lines) == 4
    assert page(steward, path + "errors.json").json()["quality"][0]["failed_rows"] == 3


def test_the_receipt_is_what_the_room_signed(room_api, bank, page):
    receipt = {"body": {"submission_id": f"{1:064x}", "audit": 7}, "signing_kid": "room-1", "signature": "abc"}
    report(room_api, receipt=receipt)
    report(room_api, 2, sequence=2, **REFUSED)
    steward = make_person(Role.DATA_STEWARD, institution="808")
    response = page(steward, f"/uploads/{1:064x}/receipt.json")
    assert response.json() == receipt and "attachment" in response["Content-Disposition"]
    assert page(steward, f"/uploads/{2:064x}/receipt.json").status_code == 404


@pytest.mark.parametrize("what", ["", "receipt.json", "errors.csv", "errors.json"])
def test_another_institutions_submission_does_not_exist_for_me(room_api, bank, page, what):
    report(room_api)
    stranger = make_person(Role.DATA_STEWARD, institution="822")
    assert page(stranger, f"/uploads/{1:064x}/{what}").status_code == 404
    assert page(make_person(Role.ANALYST), f"/uploads/{1:064x}/{what}").status_code == 403


def test_rejected_uploads_wait_for_the_steward_until_made_good(room_api, bank):
    from portal.common.waiting import waiting_for

    steward = make_person(Role.DATA_STEWARD, institution="808")
    recent = timezone.now() - timedelta(hours=1)
    report(room_api, decided_at=recent, **SAID[UploadState.QUARANTINED])
    assert any("Transfers" in str(task.title) for task in waiting_for(steward))
    assert not waiting_for(make_person(Role.DATA_STEWARD, institution="822"))
    report(room_api, 2, decided_at=recent + timedelta(minutes=5))
    assert not [task for task in waiting_for(steward) if "Transfers" in str(task.title)]
