"""The evaluation step on a whole warehouse: what it publishes, with and without truth."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from cleanroom.cli.main import main
from cleanroom.crypto.ceremonies import new_room_ring
from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.identifiers import canonical
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import MalformedRows
from cleanroom.pipeline import shadow
from cleanroom.pipeline.blocked import Bench, ask_blocked
from cleanroom.pipeline.dispatch import SENT, SENT_SCHEMA
from cleanroom.pipeline.evaluation import evaluate, read_pattern_reach, read_truth, tokens_of_truth
from cleanroom.pipeline.keys import init_participant_keys
from cleanroom.vocabulary.terms import Scenario
from tests.factories.evaluated_room import CENTS, FIRST, OTHER, RANKING, RELEASE, SECOND, THIRD, VICTIM, scores, tok

pytestmark = pytest.mark.slow
PATTERN = [{"pattern": "1", "typology": "stack"}]
TRUTH = {tok(a): PATTERN for a in (FIRST, SECOND, THIRD)}


def published(room, kind):
    return [r for r in room.portal.results if r.kind == kind][-1].body


def record_sent(room, *accounts, kind="mule"):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"warning_id": tok(a), "account_token": tok(a), "institution": a[:3], "kind": kind, "severity": "normal",
             "release_id": RELEASE, "as_of": at, "score": 0.5, "layer": 1, "amount_bound_cents": 1, "recorded_at": at}
            for a in accounts]  # fmt: skip
    room.warehouse.replace_rows(SENT, pa.Table.from_pylist(rows, schema=SENT_SCHEMA))


def test_before_anything_was_scored_or_sent_there_is_an_answer_without_warnings(room):
    scores = room.warehouse.query("select * from scoring.account_scores")
    room.warehouse.replace_rows("scoring.account_scores", scores.slice(0, 0))
    result = evaluate(room, run_id="r0")
    room.warehouse.replace_rows("scoring.account_scores", scores)
    assert result.rows == 4
    assert (published(room, "detection")["warned"], published(room, "detection")["scored"]) == (0, 0)


def test_without_truth_precision_and_innocents_are_not_known(room):
    evaluate(room, run_id="r1")
    detection, blocked = published(room, "detection"), published(room, "blocked")
    assert detection["precision"] is None and detection["recall"] is None and detection["by_capacity"] == []
    assert all(f["innocent_accounts"] is None for f in blocked["scenarios"].values())
    assert "reach" not in detection


def test_the_programmes_question_on_the_case(room):
    # Alone and with the list nothing is in time: at 822's listing the money is at 700, which learns of it at the next
    # exchange, eight hours after it went on. The graph finds it at 808 at the end of its way.
    evaluate(room, run_id="r2", truth_tokens=TRUTH)
    body = published(room, "blocked")
    assert set(body["scenarios"]) == {str(s) for s in Scenario}
    money = {name: f["money_twd"] for name, f in body["scenarios"].items()}
    assert money["own_bank"] == 0
    assert money["shared_graph_realtime"] == CENTS / 100
    assert body["reported_twd"] == body["came_in_twd"] == CENTS / 100
    together = body["parts"]["institution"]["700"]["scenarios"]["shared_graph_realtime"]
    assert set(together["money_twd"][:3]) == {CENTS / 100}
    assert set(body["parts"]["typology"]) == {"stack"}
    curve = body["curve"]
    assert len(curve["delay_hours"]) == len(curve["scenarios"]["own_bank"]["money_twd"]) == 15
    assert curve["scenarios"]["own_bank"]["money_twd_interval"] is None, "of one family of cases there is no interval"
    assert curve["alone"]["own_bank"] == curve["scenarios"]["own_bank"]
    assert body["assumptions"] and body["sensitivity"]


def test_asked_beside_the_line_the_answer_is_the_same(room):
    found = ask_blocked(Bench(room.settings, room.warehouse, TRUTH, room.settings), say=str)
    assert found.kind == "blocked" and found.body == published(room, "blocked")


def test_without_a_built_room_there_is_nothing_to_ask(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path))
    for command in (["blocked", "--json"], ["replay"]):
        assert main(command) == 30
    told = capsys.readouterr()
    assert json.loads(told.out)["errors"][0]["reason"] == "nothing_to_do" and "no built room" in told.err


def test_precision_and_recall_of_the_warnings_sent(room):
    record_sent(room, SECOND, OTHER, FIRST)
    evaluate(room, run_id="r3", truth_tokens=TRUTH)
    found = published(room, "detection")
    assert (found["precision"], found["recall"]) == (0.5, 0.5), "the watch-listed one counts in neither"
    assert found["of_warnings"]["truth"] == 2
    top = found["by_capacity"][0]
    assert (top["chosen"], top["hits"]) == (4, 2)
    assert found["by_typology"] == {"stack": {"accounts": 2, "found": 1}}


def test_runs_in_the_shadow_are_judged_by_what_came_later(room):
    assert not any(r.kind == "shadow" for r in room.portal.results), "none ran so far"
    rows = scores(room).set_column(8, "mode", pa.array(["shadow"] * len(RANKING)))
    assert shadow.note(room, rows, artefact="00" * 32, unlisted=2) == 2
    assert shadow.note(room, rows, artefact="00" * 32, unlisted=2) == 0
    evaluate(room, run_id="r5", truth_tokens=TRUTH)
    [(release_id, found)] = published(room, "shadow")["releases"].items()
    assert release_id == RELEASE and found["notices"] == 2
    assert found["right"]["in_pattern"]["precision"] == 1 and found["right"]["listed_later"]["precision"] == 0
    assert found["institutions"]["700"]["notices"] == found["institutions"]["808"]["notices"] == 1
    assert found["with_notices"]["extra_money_twd"] == 0, "the run was at the end of the data"


def test_care_notices_are_no_accusations(room):
    record_sent(room, VICTIM, kind="care")
    evaluate(room, run_id="r4", truth_tokens=TRUTH)
    assert published(room, "detection")["warned"] == 0


def test_reach_says_which_accounts_of_the_pattern_can_be_reached_and_which_not(room):
    truth = TRUTH | {tok(OTHER): PATTERN, "0" * 32: PATTERN}
    [one] = read_pattern_reach(room, truth)
    assert one.watch_listed == tok(FIRST)
    assert one.accounts[tok(SECOND)] == ("forward", 1) and one.accounts[tok(THIRD)] == ("forward", 2)
    assert set(one.not_reachable) == {tok(OTHER), "0" * 32}
    evaluate(room, run_id="r5", truth_tokens=truth)
    summary = published(room, "detection")["reach"]
    assert summary == {"watch_listed": 1, "pairs": 4, "reachable": 2, "not_reachable": 2, "by_layer": {"1": 1, "2": 1}}


def test_what_is_published_and_kept_holds_no_token(room):
    evaluate(room, run_id="r6", truth_tokens=TRUTH)
    texts = [json.dumps(r.body) for r in room.portal.results]
    texts += [p.read_text() for p in room.settings.results_dir.glob("*.json")]
    assert len(texts) > 2
    assert not [a for a in RANKING for text in texts if tok(a) in text or a[3:] in text]


def test_the_same_evaluation_again_gives_the_same_figures(room):
    bodies = []
    for run in ("r7", "r8"):
        evaluate(room, run_id=run, truth_tokens=TRUTH)
        bodies.append((published(room, "blocked"), published(room, "detection")))
    assert bodies[0] == bodies[1]


@pytest.fixture
def rings(tmp_path):
    return init_participant_keys(tmp_path / "p", institution="808", demo=True), new_room_ring(tmp_path / "r", demo=True)


def write_truth(path, *rows):
    path.write_text("institution,account,pattern,typology,watch_listed_at\n" + "".join(f"{r}\n" for r in rows))
    return path


def test_the_truth_becomes_the_very_tokens_of_intake(tmp_path, rings):
    participant, room_ring = rings
    path = write_truth(tmp_path / "t.csv", "808,123456,1,fan_in,", "808,0123456,2,stack,", "822,123456,1,fan_in,")
    found = tokens_of_truth(path, participant, room_ring)
    second = room_ring.second_hash(scheme=participant.scheme, participant="808", kid=participant.hash_kid)
    [token] = second("account", participant.stage1("account", [canonical("account", "123456", institution="808")]))
    assert found[token] == [{"pattern": "1", "typology": "fan_in"}, {"pattern": "2", "typology": "stack"}]
    assert len(found) == 2 and json.loads(json.dumps(found)) == found


def test_a_truth_file_with_a_bad_account_is_refused_without_its_value(tmp_path, rings):
    with pytest.raises(MalformedRows) as refused:
        tokens_of_truth(write_truth(tmp_path / "t.csv", "808,12x4567,1,fan_in,"), *rings)
    assert "12x4567" not in str(refused.value)
    assert f"{tmp_path / 't.csv'}, row 1, account" in str(refused.value)


def test_a_truth_file_without_its_columns_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("account,institution\n123456,808\n")
    with pytest.raises(MalformedRows, match=r"t\.csv, row 1, pattern.*\[missing_column\]"):
        read_truth(path)
    path.write_bytes(b"institution,account,pattern,typology\n808,123456,1,\xff\n")
    with pytest.raises(MalformedRows, match=r"\[csv_form\]"):
        read_truth(path)


def test_the_columns_of_a_truth_file_come_in_any_order(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\ufefftypology,pattern,account,institution\nfan_in,1,123456,808\n", encoding="utf-8")
    clear, patterns = read_truth(path)
    assert clear == [canonical("account", "123456", institution="808")]
    assert patterns == [{"pattern": "1", "typology": "fan_in"}]


def test_rings_of_this_test_are_real(rings):
    assert isinstance(rings[0], ParticipantKeyRing)
    assert rings[0].open_handle(to_text(rings[0].seal_handle("8080000000000123456"))) == "8080000000000123456"
