"""Run as a program: a portal in the middle of its work, for the browser's tests.

`python -m tests.factories.seed_flow PASSWORD`, with CLEANROOM_HOME naming a fresh folder. Everything is written by the
portal's own actions; only people and figures are made up.
"""

import os
import sys
from datetime import date, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.portal_settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from cleanroom.contracts.governance import SignOffRequest  # noqa: E402
from cleanroom.contracts.messages import ResultPublication, RuleResult, StationRun, UploadReport  # noqa: E402
from cleanroom.vocabulary.terms import Role, SignOffRole  # noqa: E402
from portal.alerts import webhook_key  # noqa: E402
from portal.alerts.actions.answer import answer_by_key  # noqa: E402
from portal.alerts.actions.send import send_warnings  # noqa: E402
from portal.alerts.models import WarningRecord  # noqa: E402
from portal.participants.models import Participant  # noqa: E402
from portal.results.actions.publish import publish_result, report_station  # noqa: E402
from portal.signoffs.actions.draft import draft_release  # noqa: E402
from portal.signoffs.actions.release import publish_release  # noqa: E402
from portal.signoffs.actions.sign import sign_release  # noqa: E402
from portal.signoffs.actions.submit import submit_release  # noqa: E402
from portal.uploads.actions.report import report_upload  # noqa: E402
from tests.factories.blocked import blocked_of  # noqa: E402
from tests.factories.portal import make_participant, make_person, token_for  # noqa: E402
from tests.factories.portal_flow import Institution, warning  # noqa: E402
from tests.factories.releases import make_draft  # noqa: E402
from tests.factories.seed_history import past_releases  # noqa: E402

R = SignOffRole
NAMES = {"700": ("Chunghwa Post", "中華郵政"), "808": ("E.SUN Bank", "玉山銀行"), "822": ("CTBC Bank", "中國信託")}
RULES = (
    RuleResult(rule="amount_positive", column="amount_twd", severity="fail", passed=False, failed_rows=3,
               row_numbers=(5, 912, 1204)),
    RuleResult(rule="channel_known", column="channel", severity="warn", passed=False, failed_rows=1, row_numbers=(77,)),
    RuleResult(rule="unique_transaction", column="txn_id", severity="fail", passed=True, failed_rows=0),
)  # fmt: skip


def main(password: str) -> None:
    call_command("migrate", verbosity=0)
    webhook_key.make(settings.HOME / "keys")
    for code, (name, name_zh) in NAMES.items():
        make_participant(code)
        Participant.objects.filter(code=code).update(name=name, name_zh=name_zh)
    room = make_person(Role.ROOM_SERVICE, username="room")
    token = settings.HOME / "room.token"
    token.touch(mode=0o600)
    token.write_text(token_for(room))
    signers = _people(password)
    past_releases(room, signers, asker=_user("dev"))
    _uploads(room)
    released = _release("score-2026-1", room, signers, leave_out=None)
    publish_release(released, by=signers[R.ACCOUNTABLE_EXECUTIVE])
    _release("score-2026-2", room, signers, leave_out="reviewer-808", snapshot="7" * 64)
    _warnings(room, released)
    _results(room)


def _people(password: str) -> dict:
    """Who signs in which capacity; everybody has the same password."""
    make_person(Role.MODEL_DEVELOPER, username="dev")
    make_person(Role.PARTICIPANT_OFFICER, institution="808", username="officer-808")
    make_person(Role.DATA_STEWARD, institution="808", username="steward-808")
    make_person(Role.COORDINATOR, username="coordinator", capacities=(R.OWNER,))
    make_person(Role.AUDITOR, username="auditor")
    make_person(Role.OUTPUT_CHECKER, username="checker")
    approver = make_person(Role.GOVERNANCE_APPROVER, username="approver", capacities=(R.ACCOUNTABLE_EXECUTIVE,))
    found = {R.ACCOUNTABLE_EXECUTIVE: approver, R.OWNER: _user("coordinator")}
    for capacity in (R.SECOND_LINE, R.VALIDATOR, R.LEGAL, R.DATA_STEWARD):
        role = Role.DATA_STEWARD if capacity is R.DATA_STEWARD else Role.GOVERNANCE_REVIEWER
        found[capacity] = make_person(role, username=f"central-{capacity}", capacities=(capacity,))
    found[R.EXTERNAL_VALIDATOR] = make_person(
        Role.GOVERNANCE_REVIEWER, institution="822", username="validator-822", capacities=(R.EXTERNAL_VALIDATOR,)
    )
    for code in NAMES:
        found[code] = make_person(
            Role.GOVERNANCE_REVIEWER,
            institution=code,
            username=f"reviewer-{code}",
            capacities=(R.INSTITUTION_REVIEWER,),
        )
    from portal.accounts.models import User

    for person in User.objects.filter(is_service=False):
        person.set_password(password)
        person.save()
    return found


def _user(username: str):
    from portal.accounts.models import User

    return User.objects.get(username=username)


def _uploads(room) -> None:
    now, number = timezone.now(), 0
    for code in NAMES:
        for dataset in ("transfers", "accounts", "list_events"):
            for week in range(6):
                number += 1
                if (code, dataset, week) == ("822", "accounts", 3):
                    continue
                _upload(room, number, code, dataset, week, now)


def _upload(room, number: int, code: str, dataset: str, week: int, now) -> None:
    first = date(2026, 10, 1) + timedelta(days=7 * week)
    broken = (code, dataset, week) == ("808", "transfers", 5)
    decided_at = now if broken else now - timedelta(hours=1 + number % 20)
    report_upload(
        UploadReport(
            submission_id=f"{number:064x}", participant=code, dataset=dataset, sequence=week + 1,
            specification_version=1, period_first=first, period_last=first + timedelta(days=6),
            state="quarantined" if broken else "accepted", reason="quality_gate_failed" if broken else None,
            sentence="3 rows have an amount that is not above zero; correct them and upload again." if broken else None,
            rows=12_000 + 37 * number, bytes=350_000 + number, decided_at=decided_at,
            quality=RULES if broken else RULES[2:],
        ),
        by=room,
    )  # fmt: skip


def _release(release_id: str, room, signers: dict, *, leave_out: str | None, snapshot: str = "3" * 64) -> str:
    draft = make_draft(release_id=release_id, developer="dev", snapshot=snapshot)
    draft_release(draft, by=room)
    submit_release(release_id, by=room)
    for capacity, person in signers.items():
        if person.username == leave_out:
            continue
        role = capacity if isinstance(capacity, SignOffRole) else R.INSTITUTION_REVIEWER
        request = SignOffRequest(role=role, decision="approve", subject_digest=draft.subject_digest, comment="Read.")
        sign_release(release_id, request, by=person)
    return release_id


def _warnings(room, release_id: str) -> None:
    bank, other = Institution("808"), Institution("822")
    messages = [
        warning(i, "808" if i % 3 else "822", release_id=release_id, severity="critical" if i % 2 else "normal",
                kind="mule" if i % 4 else "care", amount_bound_cents=1_730_000 * i, layer=i % 5)
        for i in range(1, 16)
    ]  # fmt: skip
    send_warnings(messages, by=room)
    began = timezone.now() - timedelta(minutes=9)
    WarningRecord.objects.update(accepted_at=began)
    for i in range(4, 16):
        institution = bank if i % 3 else other
        answer = institution.answer(
            messages[i - 1].warning_id, "controlled" if i % 4 else "reviewing", action="hold",
            held_cents=900_000 * (i % 3), reason="checked by an officer",
        )  # fmt: skip
        answer_by_key(answer, by=institution.service)


def _results(room) -> None:
    now = timezone.now()
    bodies = {
        "blocked": blocked_of(24),
        "detection": {
            "precision": 0.62, "recall": 0.41,
            "by_capacity": [{"capacity": 50, "precision": 0.7, "recall": 0.2},
                            {"capacity": 100, "precision": 0.6, "recall": 0.4}],
            "baseline_by_capacity": [{"capacity": 50, "precision": 0.4, "recall": 0.1}],
        },
        "dispatch": {
            "institutions": {"808": {"send": 10, "known": 2}, "822": {"send": 5, "unroutable": 7, "capped": 1}},
        },
        "layers": {
            "rows": [{"direction": d, "layer": n, "institution": "808", "accounts": 40 * (n + 1), "first_reached": 30}
                     for d in ("forward", "backward") for n in range(7)],
            "cumulative_seconds": [0.1, 0.4, 0.9, 1.7, 3.1, 5.2, 8.4],
        },
        "legs": {
            "rows": [{"sender_institution": "808", "receiver_institution": "822", "leg_state": "disagreeing",
                      "issue": "amount", "transfers": 2, "legs": 4, "amount_cents": 100}],
            "totals": {"legs_own": 61_000, "legs_matched": 40_210, "legs_unmatched": 310, "legs_disagreeing": 2},
        },
    }  # fmt: skip
    for kind, body in bodies.items():
        publish_result(ResultPublication(run_id="run-2026-11-23", kind=kind, computed_at=now, body=body), by=room)
    stations = [
        ("sealing", 12.4),
        ("intake", 9.7),
        ("moneyflow", 31.2),
        ("scoring", 14.0),
        ("dispatch", 2.2),
        ("evaluation", 6.1),
    ]
    for i, (station, seconds) in enumerate(stations):
        run = StationRun(
            run_id="run-2026-11-23", station=station, step=station, started_at=now + timedelta(seconds=60 * i),
            seconds=seconds, rows=180_766 // (i + 1), detail={},
        )  # fmt: skip
        report_station(run, by=room)


if __name__ == "__main__":
    main(sys.argv[1])
