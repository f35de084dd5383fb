"""The gate as scoring, dispatch, the DAGs and the command line ask it: open, shut, unusable, unreachable."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cleanroom import cli
from cleanroom.contracts.governance import IncidentStanding
from cleanroom.errors import ArtefactRefused, GateClosed, NothingToDo, PolicyInvalid, PortalFault, SettingsInvalid
from cleanroom.governance.catalogue import figures
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import artefacts, gate, line, own_drafts
from cleanroom.pipeline.code_version import code_commit
from cleanroom.pipeline.past_releases import replay_portal
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.calibration import Calibration
from cleanroom.scoring.features import Feature
from cleanroom.scoring.model import train
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.vocabulary.terms import ReleaseState
from tests.factories import records
from tests.factories.releases import make_draft
from tests.factories.scoring_room import portal

COMMIT = "c" * 40


@pytest.fixture(scope="module")
def artefact():
    values = np.arange(200.0)[:, None]
    text = train(values, values[:, 0] > 150, (Feature("a", 1, "fan_in", ("transfers.txn_id",), "a", "a"),))
    return Artefact(("a",), ("fan_in",), Calibration(1.0, 0.0), {"as_of": "2025-01-01"}, text)


@pytest.fixture
def desk(tmp_path, artefact):
    """A room that holds a released model, and the portal that released it a moment ago."""
    settings = RoomSettings(home=tmp_path, code_commit=COMMIT)
    made = gate.Desk(settings, LocalObjectStore(settings.objects_dir), portal())
    draft = make_draft(developer=records.DEVELOPER)
    digest = artefacts.keep(made, artefact, now=draft.evaluated_at)
    bound = draft.digests.model_copy(update={"artefact": digest, "code_commit": COMMIT})
    record = records.signed(load_policy(), records.a_record(draft.model_copy(update={"digests": bound})))
    own_drafts.note(settings, record.draft)
    out = {"state": ReleaseState.RELEASED, "released_at": draft.evaluated_at}
    made.portal.drafted[draft.release_id] = record.model_copy(update=out)
    return made


@pytest.fixture
def command(desk, monkeypatch, capsys):
    """`cleanroom governance gate --json` in that room: (exit code, what it printed)."""
    monkeypatch.setenv("CLEANROOM_HOME", str(desk.settings.home))
    monkeypatch.setattr(line.gate.Desk, "of", classmethod(lambda cls, settings: desk))

    def run():
        code = cli.main(["governance", "gate", "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_open_ends_with_zero_and_the_certificate(desk, command, capsys):
    code, told = command()
    certificate = gate.ask(desk).require()
    assert (code, told["allowed"], told["certificate"]) == (0, True, certificate.digest)
    assert told["participants"] == ["700", "808", "822"]
    assert told["expires_at"] == certificate.expires_at.isoformat()
    assert cli.main(["governance", "gate", "--certificate", certificate.digest]) == 0
    assert f"{certificate.expires_at.astimezone(ZoneInfo('Asia/Taipei')):%Y-%m-%d %H:%M:%S} +08:00" in " ".join(
        capsys.readouterr().out.split()
    )
    assert cli.main(["governance", "gate", "--certificate", "0" * 64]) == GateClosed.exit_code
    assert gate.certified_release(desk).draft.release_id == told["release_id"]


def test_an_institution_that_holds_the_release_is_left_out_and_no_other(desk, command):
    release_id, record = next(iter(desk.portal.drafted.items()))
    desk.portal.drafted[release_id] = record.model_copy(update={"held_by": ("808",)})
    assert command()[1]["participants"] == ["700", "822"]


def test_shut_ends_with_its_own_code_and_every_reason(desk, command):
    [release_id] = desk.portal.drafted
    desk.portal.suspend_release(release_id, "drift")
    desk.portal.stop_sending("alarm")
    code, told = command()
    assert (code, told["allowed"], told["certificate"]) == (GateClosed.exit_code, False, None)
    assert [r["code"] for r in told["reasons"]] == ["stopped", "not_released"]
    assert all(r["zh_hant"] for r in told["reasons"])
    with pytest.raises(GateClosed, match="alarm"):
        gate.certified_release(desk)


def test_a_release_that_this_room_did_not_draft_shuts_it_though_all_signed_it(desk, command):
    [(release_id, record)] = desk.portal.drafted.items()
    draft = make_draft(developer=records.DEVELOPER, snapshot="9" * 64)
    bound = draft.digests.model_copy(update={"artefact": record.draft.digests.artefact, "code_commit": COMMIT})
    forged = records.signed(load_policy(), records.a_record(draft.model_copy(update={"digests": bound})))
    out = {"state": ReleaseState.RELEASED, "released_at": draft.evaluated_at}
    desk.portal.drafted[release_id] = forged.model_copy(update=out)
    code, told = command()
    assert (code, [r["code"] for r in told["reasons"]]) == (GateClosed.exit_code, ["drafted_elsewhere"])
    desk.portal.drafted[release_id] = record
    assert command()[0] == 0


def test_other_code_than_the_released_one_shuts_it(desk):
    other = replace(desk, settings=replace(desk.settings, code_commit="d" * 40))
    assert [r.code for r in gate.ask(other).reasons] == ["code"]
    unstamped = replace(desk, settings=replace(desk.settings, code_commit=""))
    assert gate.ask(unstamped).is_open == (code_commit() == COMMIT)


def test_other_bytes_or_another_policy_make_it_unusable_not_open(desk, command, tmp_path):
    [path] = [p for p in desk.settings.artefacts_dir.glob("*.json") if p.stem != "latest"]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b" ")
    code, told = command()
    assert (code, told["errors"][0]["reason"]) == (ArtefactRefused.exit_code, "artefact_refused")
    path.write_bytes(whole)
    (tmp_path / "broken.yaml").write_text("version: x\n")
    with pytest.raises(PolicyInvalid):
        gate.ask(replace(desk, settings=replace(desk.settings, policy_file=tmp_path / "broken.yaml")))


@pytest.mark.parametrize("silent", ["current_release", "sending_stop"])
def test_a_portal_that_does_not_answer_is_unreachable_not_open(desk, command, silent):
    desk.portal.down.add(silent)
    code, told = command()
    assert (code, told["errors"][0]["kind"]) == (PortalFault.exit_code, "fault")


def test_four_ends_have_four_codes():
    codes = {0, GateClosed.exit_code, ArtefactRefused.exit_code, PolicyInvalid.exit_code, PortalFault.exit_code}
    assert len(codes | {SettingsInvalid.exit_code}) == 6
    assert SettingsInvalid.exit_code >= 10 and PolicyInvalid.exit_code <= 41 and PortalFault.exit_code >= 70


def test_the_releases_of_the_portal_are_replayed(desk):
    policy = load_policy()
    stricter = policy.model_copy(update={"thresholds": policy.thresholds.model_copy(update={"R3_from": 90.0})})
    stricter.__dict__.pop("digest", None)
    found = replay_portal(desk.settings, before=policy, after=stricter, portal=desk.portal)
    assert [(r.before.tier, r.after.tier) for r in found.releases] == [("R3", "R2")]
    assert not replay_portal(desk.settings, before=policy, after=policy, portal=desk.portal).changes


def test_watching_says_whether_the_release_stays(desk, command, capsys):
    asked = ["governance", "watch", "--json"]
    [release_id] = desk.portal.drafted
    assert cli.main(asked) == 0
    assert json.loads(capsys.readouterr().out) == {"release_id": release_id, "suspended": False, "reasons": []}
    told = IncidentStanding(
        incident_id="incident-1", kind="operation", grade=1, release_id=release_id, detected_at=datetime.now(UTC)
    )
    desk.portal.reported.append(told)
    assert cli.main(asked) == GateClosed.exit_code
    assert json.loads(capsys.readouterr().out)["reasons"][0]["code"] == "incident"
    assert command()[1]["reasons"][0]["code"] == "not_released"
    assert cli.main(["governance", "watch"]) == 0
    assert "No release is in force" in capsys.readouterr().out


def test_a_drill_from_the_command_line_waits_for_a_persons_stop(desk, command, capsys):
    assert cli.main(["governance", "drill", "--wait", "0.1"]) == NothingToDo.exit_code
    person = threading.Timer(0.2, lambda: desk.portal.stop_sending("drill"))
    person.start()
    assert cli.main(["governance", "drill", "--wait", "30"]) == 0
    person.join()
    said = capsys.readouterr()
    assert "Order the emergency stop" in said.err and "The gate was shut" in said.out


def test_every_figure_is_listed_with_its_source_in_both_languages(capsys):
    assert cli.main(["governance", "metrics", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == figures().keys()
    assert all(f["source"] and f["text"]["zh_hant"] and f["absent"]["zh_hant"] for f in told.values())
