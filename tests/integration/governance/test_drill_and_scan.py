"""The kill switch is drilled for real, and a scanner's report counts while it covers what is installed."""

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from cleanroom.errors import NotAllowed, NothingToDo, RequestInvalid
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import drill, scan_report
from cleanroom.pipeline.gate import Desk, ask
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.objects_local import LocalObjectStore
from tests.factories.scoring_room import portal

TODAY = datetime.now(UTC).date()


@pytest.fixture
def desk(tmp_path):
    settings = RoomSettings(home=tmp_path)
    return Desk(settings, LocalObjectStore(settings.objects_dir), portal())


def measured(desk):
    return drill.evidence(desk.settings, now=datetime.now(UTC))


def test_a_drill_that_the_room_orders_is_timed_and_recorded(desk):
    assert measured(desk) == {}
    held = drill.hold(desk, order=lambda: desk.portal.stop_sending("drill"), patience_s=30)
    assert held.ordered_at <= held.shut_at
    found = measured(desk)
    assert found["kill_switch_seconds"].value == held.seconds < 30
    assert 0 <= found["drill_age_days"].value < 0.01
    later = drill.evidence(desk.settings, now=datetime.now(UTC) + timedelta(days=200))
    assert later["drill_age_days"].value > 199
    assert ask(desk).reasons[0].code == "stopped"
    assert [e.verb for e in desk.portal.events] == ["gate.drilled"]
    desk.portal.lift_stop()
    assert [r.code for r in ask(desk).reasons] == ["no_release"]


def test_a_stop_that_a_person_orders_counts_from_the_portals_time(desk):
    clock = threading.Timer(0.3, lambda: desk.portal.stop_sending("drill"))
    clock.start()
    held = drill.hold(desk, patience_s=30)
    clock.join()
    assert held.ordered_at == min(desk.portal.stop.stopped_at, held.shut_at)


def test_no_stop_is_no_drill(desk):
    with pytest.raises(NothingToDo):
        drill.hold(desk, order=lambda: None, patience_s=0.1)
    assert measured(desk) == {}
    desk.portal.stop_sending("alarm")
    with pytest.raises(NotAllowed, match="begins without one"):
        drill.hold(desk, patience_s=0.1)
    assert measured(desk) == {}


def test_the_drills_figure_meets_the_shipped_limit(desk):
    drill.hold(desk, order=lambda: desk.portal.stop_sending("drill"), patience_s=30)
    limits = {m.name: m.limit for m in load_policy().control("ROB-4-03").metrics}
    assert all(measured(desk)[name].value <= limit for name, limit in limits.items())
    assert len(limits) == 2


# --- the scanner's report ---------------------------------------------------------------------------------------------


def pip_audit(path, *, without: int = 0, vulnerable: int = 0):
    packages = sorted(scan_report.installed())[without:]
    rows = [
        {"name": n, "version": v, "vulns": [{"id": "X"}] if i < vulnerable else []} for i, (n, v) in enumerate(packages)
    ]
    path.write_text(json.dumps({"dependencies": rows, "fixes": []}))
    return path


def osv(path, severities):
    packages = [{"package": {"name": n, "version": v}} for n, v in sorted(scan_report.installed())]
    for one, severity in zip(packages, severities, strict=False):
        one["groups"] = [{"ids": ["X"], "max_severity": severity}]
    path.write_text(json.dumps({"results": [{"packages": packages}]}))
    return path


def keep(desk, path, day=TODAY):
    return scan_report.keep(desk.settings, path, scanned_on=day, portal=desk.portal)


def test_a_clean_report_that_covers_everything_counts_from_its_day(desk, tmp_path):
    assert scan_report.evidence(desk.settings) == {}
    report = keep(desk, pip_audit(tmp_path / "report.json"))
    found = scan_report.evidence(desk.settings)["critical_vulns"]
    assert (found.value, found.cases) == (0, len(report.packages))
    assert len(report.packages) > 50 and found.measured_at.date() == TODAY


def test_findings_count_all_of_pip_audit_and_the_critical_ones_of_osv(desk, tmp_path):
    assert keep(desk, pip_audit(tmp_path / "a.json", vulnerable=2)).critical == 2
    assert keep(desk, osv(tmp_path / "b.json", ["9.8", "8.9", "", None, "9.0"])).critical == 4
    assert scan_report.evidence(desk.settings)["critical_vulns"].value == 4


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dependencies": []}', '{"results": [{}]}', "{" * 100_000])
def test_what_is_no_report_is_refused(desk, tmp_path, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(RequestInvalid, match=r"odd\.json"):
        keep(desk, path)


def test_a_report_that_leaves_a_package_out_or_lies_in_the_future_is_refused(desk, tmp_path):
    with pytest.raises(RequestInvalid, match="leaves out: 1"):
        keep(desk, pip_audit(tmp_path / "part.json", without=1))
    with pytest.raises(RequestInvalid, match="future"):
        keep(desk, pip_audit(tmp_path / "whole.json"), TODAY + timedelta(days=2))
    assert scan_report.evidence(desk.settings) == {}


def test_changed_bytes_or_another_package_make_it_no_evidence(desk, tmp_path, monkeypatch):
    report = keep(desk, pip_audit(tmp_path / "report.json"), date(2026, 1, 2))
    kept = desk.settings.room_dir / "scan-reports" / f"{report.digest}.json"
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b'"fixes"', b'"fixed"'))
    assert scan_report.evidence(desk.settings) == {}
    kept.write_bytes(whole)
    assert "critical_vulns" in scan_report.evidence(desk.settings)
    packages = scan_report.installed()
    monkeypatch.setattr(scan_report, "installed", lambda: packages | {("newcomer", "1.0")})
    assert scan_report.evidence(desk.settings) == {}


def test_a_model_file_that_is_no_artefact_is_a_finding(desk, tmp_path):
    keep(desk, pip_audit(tmp_path / "report.json"))
    desk.settings.artefacts_dir.mkdir(parents=True)
    (desk.settings.artefacts_dir / "model.pkl").write_bytes(b"\x80\x04.")
    (desk.settings.artefacts_dir / f"{'0' * 64}.json").write_bytes(b"{}")
    assert scan_report.evidence(desk.settings)["critical_vulns"].value == 2
    assert AuditFile(desk.settings.audit_file).verify().sequence == 1
