"""Figures of operation from a warehouse and a portal: counted, dated, and left out where there is no record."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cleanroom.errors import PortalFault
from cleanroom.governance import controls, gate, waivers
from cleanroom.governance.answers import load_answers
from cleanroom.governance.catalogue import Supplier, supplied_by
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import drill, operation_evidence, scan_report, surveillance
from cleanroom.pipeline.room_evidence import collect
from cleanroom.settings import RoomSettings
from cleanroom.vocabulary.terms import AnswerKind, ControlOutcome, ReleaseState
from tests.factories.operating_room import CODES, EACH, OperatingRoom
from tests.factories.records import ARTEFACT, NOW, a_draft, a_waiver, released

A = AnswerKind
POLICY, ANSWERS = load_policy(), load_answers()
USE_CASE = ANSWERS.use_case
RELEASED = released(POLICY).released_at
HOUR = timedelta(hours=1)
LATER = RELEASED + 100 * HOUR


@pytest.fixture
def room(tmp_path):
    made = OperatingRoom.open(RoomSettings(home=tmp_path))
    yield made
    made.warehouse.close()


@pytest.fixture
def operating(room):
    """Thirty warnings under the release in force: 12 controlled after review, 3 of them undone, 9 dismissed."""
    record = room.release(released(POLICY))
    room.score(record, at=RELEASED + HOUR)
    ids = room.warn(record, at=RELEASED + 2 * HOUR)
    for i, warning_id in enumerate(ids):
        at = RELEASED + (3 + i) * HOUR
        if i % 10 < 4:
            room.answer(warning_id, (A.REVIEWING, at), (A.CONTROLLED, at + HOUR))
        if i % 10 == 0:
            room.answer(warning_id, (A.DISMISSED, at + 21 * HOUR))
        if i % 10 > 6:
            room.answer(warning_id, (A.DISMISSED, at))
    return room


def figures(room) -> dict:
    return operation_evidence.collect(room, POLICY, use_case=USE_CASE, now=LATER)


def test_before_a_release_nothing_is_measured_but_the_empty_register(room):
    assert figures(room).keys() == {"open_sev1"}


def test_answers_are_counted(operating):
    found = figures(operating)
    assert (found["live_precision"].value, found["live_precision"].cases) == (9 / 21, 21)
    assert found["live_precision"].low < 9 / 21 < found["live_precision"].high
    assert (found["wrongful_control_rate"].value, found["wrongful_control_rate"].cases) == (0.25, 12)
    assert found["wrongful_control_rate"].high > 0.25
    assert (found["human_review_rate_adverse"].value, found["human_review_rate_adverse"].cases) == (1.0, 12)
    assert (found["release_time_p95_hours"].value, found["release_time_p95_hours"].cases) == (20.0, 3)
    assert found["live_fpr_ratio"].value == 1.0  # four wrong of 57 innocent accounts each
    assert found["live_fpr_ratio"].cases == EACH - 3 and found["live_fpr_ratio"].low < 0.8
    assert found["validated_precision"].value == 0.5
    assert {e.measured_at for e in found.values()} == {LATER}


def test_a_control_without_a_review_before_it_is_seen(operating):
    warning_id = sorted(operating.portal.sent)[5]
    operating.answer(warning_id, (A.CONTROLLED, LATER - HOUR), (A.REVIEWING, LATER))
    assert figures(operating)["human_review_rate_adverse"].value == 12 / 13


def test_a_control_that_rests_on_reported_money_needs_no_review_first(room):
    record = room.release(released(POLICY))
    for warning_id in room.warn(record, at=RELEASED + HOUR, cause="f" * 32)[:5]:
        room.answer(warning_id, (A.CONTROLLED, RELEASED + HOUR))
    found = figures(room)["human_review_rate_adverse"]
    assert (found.value, found.cases) == (1.0, 5)


def test_a_care_notice_rests_on_the_score_of_who_was_paid(room):
    record = room.release(released(POLICY))
    ids = room.warn(record, at=RELEASED + HOUR, cause="f" * 32, kind="care")
    room.answer(ids[0], (A.CONTROLLED, RELEASED + HOUR))
    assert figures(room)["human_review_rate_adverse"].value == 0.0


def test_kinds_of_account_are_compared_as_institutions_are(operating):
    """All dismissed warnings are about business accounts: institutions are treated alike, kinds are not."""
    tokens = [t for own in operating.tokens.values() for t in own[:10]]
    business = "update landing.accounts set kind = 'business' where account_token in ({})"
    operating.warehouse.transact([(business.format(", ".join("?" * len(tokens))), tokens)])
    found = figures(operating)["live_fpr_ratio"]
    assert found.value == 0.0 and found.cases == len(tokens) - 9, "the innocent among the business accounts"


def test_what_ran_and_what_was_sent_leads_back_to_a_release_in_force(operating):
    found = figures(operating)
    assert (found["gate_decision"].value, found["gate_decision"].cases) == (1.0, 31)
    assert (found["trace_coverage"].value, found["trace_coverage"].cases) == (1.0, 30)
    record = operating.portal.current_release(USE_CASE)
    operating.score(record, at=RELEASED - HOUR)
    assert figures(operating)["gate_decision"].value == 0.0


def test_another_artefact_than_the_released_one_is_seen(operating):
    record = operating.portal.current_release(USE_CASE)
    operating.score(record, at=RELEASED + 5 * HOUR, artefact="b" * 64)
    assert figures(operating)["gate_decision"].value == 0.0


def test_warnings_of_a_release_that_nobody_signed_lead_nowhere(operating):
    record = operating.portal.current_release(USE_CASE)
    operating.release(record.model_copy(update={"sign_offs": ()}))
    assert figures(operating)["trace_coverage"].value == 0.0


def test_a_warning_to_the_wrong_institution_is_seen(room):
    record = room.release(released(POLICY))
    room.warn(record, at=RELEASED + HOUR)
    assert (figures(room)["misrouted_alerts"].value, figures(room)["misrouted_alerts"].cases) == (0.0, 30)
    room.portal.sent.clear()
    room.warn(record, at=RELEASED + HOUR, wrong_door=True)
    assert figures(room)["misrouted_alerts"].value == 1.0


def test_a_token_in_a_published_result_is_seen(operating):
    operating.publish("blocked", {"totals": {"700": 3}, "release": "mule-account-score-0123456789abcdef"})
    assert figures(operating)["row_level_exports"].value == 0.0
    operating.publish("layers", {"rows": [operating.tokens["700"][0]]})
    assert (figures(operating)["row_level_exports"].value, figures(operating)["row_level_exports"].cases) == (1.0, 2)


def test_rows_that_people_took_from_the_portal_count(operating):
    assert "row_level_exports" not in figures(operating)
    operating.portal.exported += [(RELEASED - HOUR, True), (RELEASED + HOUR, False)]
    assert (figures(operating)["row_level_exports"].value, figures(operating)["row_level_exports"].cases) == (0.0, 1)
    operating.portal.exported.append((RELEASED + HOUR, True))
    assert (figures(operating)["row_level_exports"].value, figures(operating)["row_level_exports"].cases) == (1.0, 2)


def test_machine_time_since_the_release_costs(operating):
    operating.ran("scoring", at=RELEASED - HOUR, seconds=10_000)
    operating.ran("scoring", at=RELEASED + HOUR, seconds=600)
    operating.ran("intake", at=RELEASED + HOUR, seconds=10_000)
    price = POLICY.settings["machine_twd_per_hour"]
    found = figures(operating)["cost_per_1k_alerts"]
    assert (found.value, found.cases) == (pytest.approx(600 / 3600 * price / 30 * 1000), 30)


def test_incidents_and_complaints_are_timed(operating):
    operating.incident(1, detected_at=LATER - 5 * HOUR, acknowledged_at=LATER - 4.5 * HOUR, closed_at=LATER)
    operating.incident(2, grade=1, detected_at=LATER - 2 * HOUR)
    operating.incident(3, kind="privacy", detected_at=LATER - 50 * HOUR, told_at=LATER - 40 * HOUR,
                       acknowledged_at=LATER - 50 * HOUR)  # fmt: skip
    operating.incident(4, kind="complaint", grade=3, detected_at=LATER - HOUR, upheld=True)
    operating.incident(5, kind="complaint", grade=3, detected_at=LATER - HOUR, upheld=False)
    operating.incident(6, kind="complaint", grade=1, detected_at=LATER - HOUR)
    found = figures(operating)
    assert (found["incident_ack_minutes_p95"].value, found["incident_ack_minutes_p95"].cases) == (120.0, 3)
    assert found["open_sev1"].value == 1
    assert found["breach_notify_hours"].value == 10
    assert (found["upheld_complaint_rate"].value, found["upheld_complaint_rate"].cases) == (0.5, 2)


def test_a_busy_room_measures_every_figure_of_operation(operating):
    operating.incident(1, kind="privacy", detected_at=LATER - HOUR)
    operating.incident(2, kind="complaint", detected_at=LATER - HOUR, upheld=False)
    operating.ran("scoring", at=RELEASED + HOUR, seconds=600)
    operating.publish("blocked", {})
    operating.drifted(operating.portal.current_release(USE_CASE), at=RELEASED, psi=0.3)
    operating.drifted(operating.portal.current_release(USE_CASE), at=RELEASED + HOUR, psi=0.05)
    assert figures(operating)["psi_score"].value == 0.05
    assert figures(operating).keys() == supplied_by(Supplier.OPERATION)


def test_a_portal_that_does_not_answer_gives_no_figures(operating):
    operating.portal.down.add("incidents")
    with pytest.raises(PortalFault):
        figures(operating)


# --- of the room itself -----------------------------------------------------------------------------------------------


def test_shadow_days_are_days_of_data_that_this_model_scored(room):
    record = released(POLICY)
    for day in range(14):
        room.score(record, at=NOW + timedelta(days=day), mode="shadow")
    room.score(record, at=NOW + timedelta(days=13, hours=2), mode="shadow")
    room.score(record, at=NOW + timedelta(days=30), mode="shadow", artefact="b" * 64)
    found = collect(room, ANSWERS, now=LATER, artefact_digest=ARTEFACT)
    assert found["shadow_days"].value == 14
    assert "shadow_days" not in collect(room, ANSWERS, now=LATER, artefact_digest="c" * 64)
    assert "shadow_days" not in collect(room, ANSWERS, now=LATER)


def test_what_should_be_deleted_is_counted(room):
    assert collect(room, ANSWERS, now=LATER)["overdue_deletions"].value == 0
    submission = room.warehouse.query("select submission_id from landing.submissions where participant = '700'")
    ended = "update landing.submissions set state = 'withdrawn' where submission_id = ?"
    room.warehouse.transact([(ended, [submission["submission_id"][0].as_py()])])
    found = collect(room, ANSWERS, now=LATER)["overdue_deletions"]
    assert (found.value, found.cases) == (EACH, 1)


def test_an_engine_that_keeps_no_record_of_bytes_gives_no_ratio(room):
    assert "bytes_scanned_ratio" not in collect(room, ANSWERS, now=LATER)


# --- suspension -------------------------------------------------------------------------------------------------------


def watch(room, **more):
    return surveillance.watch(room, now=RELEASED + HOUR, **more)


def test_a_release_without_fault_stays(room):
    record = room.release(released(POLICY))
    assert watch(room).record == record and watch(room).reasons == ()
    assert room.portal.release(record.draft.release_id).state is ReleaseState.RELEASED


def test_without_a_release_there_is_nothing_to_watch(room):
    assert watch(room) == surveillance.Watched(None, ())


@pytest.mark.parametrize(
    ("incident", "suspends"),
    [
        ({"grade": 1, "release_id": "release-1"}, True),
        ({"grade": 2, "release_id": "release-1"}, False),
        ({"grade": 1, "release_id": "another"}, False),
        ({"grade": 1, "release_id": "release-1", "closed_at": LATER}, False),
        ({"grade": 1, "release_id": "release-1", "kind": "complaint"}, False),
    ],
)
def test_an_open_incident_of_the_worst_grade_suspends_the_release_it_names(room, incident, suspends):
    record = room.release(released(POLICY))
    room.incident(1, detected_at=RELEASED, **incident)
    assert bool(watch(room).reasons) == suspends
    state = room.portal.release(record.draft.release_id).state
    assert state is (ReleaseState.SUSPENDED if suspends else ReleaseState.RELEASED)


def test_the_end_suspends_at_its_exact_time_and_says_why_in_both_languages(room):
    record = room.release(released(POLICY))
    issued = gate.check(POLICY, record, now=RELEASED, artefact_digest=ARTEFACT, participants=CODES)
    assert surveillance.watch(room, now=issued.expires_at - timedelta(microseconds=1)).reasons == ()
    watched = surveillance.watch(room, now=issued.expires_at)
    assert "expired" in {reason.code for reason in watched.reasons}
    said = room.portal.release(record.draft.release_id).suspended_reason
    assert "expired" in said and "到期" in said
    assert surveillance.watch(room, now=issued.expires_at) == surveillance.Watched(None, ())


def test_a_waivers_end_suspends_what_it_let_pass(room):
    waiver = a_waiver(POLICY, "ROB-4-04", ends_on=NOW.date() + timedelta(days=3))
    record = room.release(released(POLICY, a_draft(POLICY, shadow_days=None), waivers=(waiver,)))
    ends = waivers.ends_at(POLICY, waiver.ends_on)
    assert surveillance.watch(room, now=ends - timedelta(microseconds=1)).reasons == ()
    found = {(r.control_id, r.code) for r in surveillance.watch(room, now=ends).reasons}
    assert {("GOV-4-02", "control_failed"), ("ROB-4-04", "not_measurable"), (None, "expired")} <= found
    assert room.portal.release(record.draft.release_id).state is ReleaseState.SUSPENDED


def test_stale_evidence_suspends(room):
    aged = Evidence(1.0, measured_at=NOW - timedelta(days=80), cases=10_000)
    room.release(released(POLICY, a_draft(POLICY, repeat_match_rate=aged)))
    stale = aged.measured_at + timedelta(days=POLICY.freshness_days["R3"])
    assert surveillance.watch(room, now=stale - timedelta(microseconds=1)).reasons == ()
    assert [(r.control_id, r.code) for r in surveillance.watch(room, now=stale).reasons] == [
        ("GOV-3-02", "not_measurable")
    ]


# --- earned, not waived -----------------------------------------------------------------------------------------------


def test_shadow_drill_and_scan_meet_their_controls_without_a_waiver(room, tmp_path):
    record = released(POLICY)
    for day in range(14):
        room.score(record, at=NOW + timedelta(days=day), mode="shadow")
    drill.hold(room, order=lambda: room.portal.stop_sending("drill"), patience_s=30)
    today = datetime.now(UTC)
    path = tmp_path / "scan.json"
    packages = [{"name": name, "version": version, "vulns": []} for name, version in scan_report.installed()]
    path.write_text(json.dumps({"dependencies": packages}))
    scan_report.keep(room.settings, path, scanned_on=today.date(), portal=room.portal)
    found = collect(room, ANSWERS, now=today, artefact_digest=ARTEFACT)
    judged = controls.evaluate(POLICY, tier="R3", ai_kind="pred", evidence=found, now=today)
    outcomes = {r.metric: r.outcome for r in judged if r.control_id in ("ROB-4-03", "ROB-4-04", "ROB-4-05")}
    assert outcomes == dict.fromkeys(
        ["kill_switch_seconds", "drill_age_days", "shadow_days", "critical_vulns"], ControlOutcome.PASS
    )
