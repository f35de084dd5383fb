"""The station from features to scores, on a made-up consortium; each test goes on from where the one before stands."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from cleanroom.errors import ArtefactRefused, GateClosed, NothingToDo, PolicyInvalid, PortalFault
from cleanroom.governance import drafts
from cleanroom.governance.answers import load_answers
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import artefacts, gate, scoring, shadow
from cleanroom.pipeline import replay as replaying
from cleanroom.pipeline.blocked import Bench
from cleanroom.pipeline.history import read_history
from cleanroom.pipeline.room_evidence import collect
from cleanroom.scoring.methods import Method
from cleanroom.scoring.scores import TABLE
from cleanroom.vocabulary.terms import ReleaseState
from tests.factories.scoring_release import release
from tests.factories.scoring_room import ACCOUNTS, CODES

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FIVE = replaying.Capacity(5)


def scored(room, mode: str) -> list[dict]:
    if not room.warehouse.table_exists(TABLE):
        return []
    return room.warehouse.query(f"select * from {TABLE} where mode = ? order by rank", [mode]).to_pylist()


def evaluate(room):
    return scoring.evaluate(room, developer="dev", factors={}, declared={}, evidence_documents={})


def test_before_training_there_is_nothing_to_evaluate(room):
    with pytest.raises(NothingToDo, match="trained"):
        evaluate(room)
    with pytest.raises(NothingToDo):
        scoring.latest_release_id(room.settings)


def test_training_keeps_one_artefact_at_both_places(room):
    result = scoring.train(room)
    digest = result.detail["artefact"]

    assert result.rows == ACCOUNTS
    assert result.detail["replayed_cut_offs"] >= 2
    assert (room.settings.artefacts_dir / f"{digest}.json").read_bytes() == room.objects.get_bytes(
        f"artefacts/{digest}.json", cap_bytes=10**8
    )
    assert not list(room.settings.artefacts_dir.glob(".*.part"))


def test_the_same_data_train_the_same_artefact(room):
    before = artefacts.latest(room.settings)

    assert scoring.train(room).detail["artefact"] == before.digest
    assert artefacts.latest(room.settings) == before


def test_without_a_release_the_gate_is_closed_and_nothing_is_written(room):
    with pytest.raises(GateClosed):
        scoring.score(room)

    assert scored(room, "released") == scored(room, "shadow") == []
    assert not gate.ask(room).is_open


def test_answers_that_say_nothing_are_refused(room):
    with pytest.raises(PolicyInvalid, match="F1"):
        scoring.evaluate(room, developer="dev", factors={"F1": 9})
    assert room.portal.drafted == {}


def test_evaluation_drafts_what_can_be_measured_and_says_what_keeps_it_from_being_submitted(room):
    result = evaluate(room)
    record = room.portal.release(result.detail["release_id"])
    measured = {c.metric for c in record.draft.controls if c.value is not None}

    assert record.state is ReleaseState.EVALUATED
    assert "ROB-4-04" in result.detail["lacks"]
    assert record.draft.tier == "R3"
    assert record.draft.digests.artefact == artefacts.latest(room.settings).digest
    assert {"repeat_match_rate", "reason_code_coverage", "audit_chain_valid", "raw_id_hits", "dq_pass_rate",
            "spec_version_match_rate", "unjustified_fields", "mia_auc", "train_kwh"} <= measured  # fmt: skip
    assert scoring.latest_release_id(room.settings) == record.draft.release_id


def test_the_portal_would_keep_the_draft(room):
    record = room.portal.release(scoring.latest_release_id(room.settings))

    drafts.check_draft(load_policy(room.settings.policy_file), record.draft, now=datetime.now(UTC))


def test_the_same_input_is_the_same_release(room):
    before = dict(room.portal.drafted)

    assert evaluate(room).detail["release_id"] in before
    assert room.portal.drafted == before


def test_other_answers_change_a_candidate_under_its_name_and_what_was_submitted_stands(room):
    name = scoring.latest_release_id(room.settings)
    assert scoring.evaluate(room, developer="dev2").detail["release_id"] == name
    assert room.portal.release(name).draft.developer == "dev2"
    evaluate(room)
    record = room.portal.submit_release(name)
    other = scoring.evaluate(room, developer="dev2").detail["release_id"]
    third = scoring.evaluate(room, developer="dev", declared={"already_in_use": True}).detail["release_id"]

    assert len({name, other}) == 2 and third == other, "the second candidate of the model is one as well"
    evaluate(room)
    assert scoring.latest_release_id(room.settings) == other
    assert room.portal.release(name) == record


def test_a_candidate_scores_in_shadow_only(room):
    result = scoring.score(room, shadow=True)
    rows = scored(room, "shadow")

    assert result.detail["mode"] == "shadow"
    assert "closed" in result.detail["gate"]
    assert len(rows) == ACCOUNTS
    assert scored(room, "released") == []
    noticed = f"select release_id, account_token, place from {shadow.NOTICES} order by place"
    kept = room.warehouse.query(noticed).to_pylist()
    assert [r["account_token"] for r in kept] == [r["account_token"] for r in rows[: room.settings.warning_capacity]]
    assert {r["release_id"] for r in kept} == {scoring.latest_release_id(room.settings)}
    scoring.score(room, shadow=True)
    assert room.warehouse.query(noticed).to_pylist() == kept, "the same run again is the same run"


def test_a_past_period_runs_again_by_what_was_known_then(room):
    bench = Bench(room.settings, room.warehouse, None, room.settings)
    found = replaying.replay(bench, replaying.Period(), policy=Method.RULES, capacity=FIVE, say=str)
    assert len(found["runs"]) >= 3 and found["by_rules"] == 0, "the policy is the rules: nobody stood in"
    assert all(run["notices"] + run["named_before"] == 5 for run in found["runs"])
    assert sum(run["notices"] for run in found["runs"]) == found["notices"]
    assert found["right"]["in_pattern"] is None
    first = datetime.fromisoformat(found["runs"][-1]["as_of"]).date()
    alone = replaying.replay(bench, replaying.Period(first=first), policy=Method.RULES, capacity=FIVE, say=str)
    assert len(alone["runs"]) == 1 and alone["notices"] == 5
    slowly = replaying.Capacity(5, notices=1)
    few = replaying.replay(bench, replaying.Period(), policy=Method.RULES, capacity=slowly, say=str)
    assert [run["notices"] for run in few["runs"]] == [1] * len(few["runs"])
    assert (few["capacity"], few["at_a_time"]) == (5, 1)
    with pytest.raises(NothingToDo, match="cut-off"):
        replaying.replay(bench, replaying.Period(last=date(2000, 1, 1)), policy=Method.RULES, capacity=FIVE, say=str)
    with pytest.raises(NothingToDo, match="no released model"):
        replaying.replay(bench, replaying.Period(), policy=replaying.RELEASED, capacity=FIVE, say=str)


def test_a_released_model_scores_every_owned_account(room):
    release(room.portal, scoring.latest_release_id(room.settings))
    result = scoring.score(room)
    rows = scored(room, "released")

    assert gate.ask(room).is_open
    assert result.detail["mode"] == "released"
    assert [r["rank"] for r in rows] == list(range(1, ACCOUNTS + 1))
    assert {r["release_id"] for r in rows} == {scoring.latest_release_id(room.settings)}
    assert {r["institution"] for r in rows} == set(CODES)
    assert json.loads(rows[0]["reasons"])
    bench = Bench(room.settings, room.warehouse, None, room.settings)
    with pytest.raises(NothingToDo, match="after the release was trained"):
        replaying.replay(bench, replaying.Period(), policy=replaying.RELEASED, capacity=FIVE, say=str)


def test_a_released_model_is_replayed_after_its_training(room, monkeypatch):
    trained = artefacts.read(room, artefacts.latest(room.settings).digest)
    cut_offs = [s.as_of for s in read_history(room)]
    older = replace(trained, training={**trained.training, "as_of": cut_offs[-3].isoformat()})
    latest = artefacts.latest(room.settings)
    artefacts.keep(room, older, now=NOW)
    artefacts.note(room.settings, latest)
    monkeypatch.setattr(replaying, "_LAST_RELEASED", f"select '{older.digest}' as artefact")
    bench = Bench(room.settings, room.warehouse, None, room.settings)
    found = replaying.replay(bench, replaying.Period(), policy=replaying.RELEASED, capacity=FIVE, say=str)
    assert [datetime.fromisoformat(run["as_of"]) for run in found["runs"]] == cut_offs[-2:]
    assert found["notices"] >= 5 and found["by_rules"] == 0


def test_scoring_again_changes_nothing(room):
    before = scored(room, "released")
    scoring.score(room)

    assert scored(room, "released") == before
    runs = room.warehouse.query("select mode, count(*) as n from scoring.score_runs group by mode order by mode")
    assert runs.to_pylist() == [{"mode": "released", "n": 1}, {"mode": "shadow", "n": 1}]


def test_a_newer_model_runs_in_the_shadow_beside_the_released_one(room):
    latest, before = artefacts.latest(room.settings), scored(room, "released")
    trained = artefacts.read(room, latest.digest)
    newer = artefacts.keep(room, replace(trained, training={**trained.training, "rounds": 1}), now=NOW)
    try:
        found = scoring.score(room, shadow=True).detail
    finally:
        artefacts.note(room.settings, latest)
    assert found["mode"] == "released" and found["in_shadow"] == f"unreleased-{newer[:16]}"
    assert scored(room, "released") == before
    noticed = f"select count(*) as n from {shadow.NOTICES} where artefact = ?"
    assert room.warehouse.query(noticed, [newer])["n"].to_pylist() == [room.settings.warning_capacity]
    assert "in_shadow" not in scoring.score(room, shadow=True).detail


def test_an_artefact_with_a_changed_byte_is_refused_and_scores_stay(room):
    path = room.settings.artefacts_dir / f"{artefacts.latest(room.settings).digest}.json"
    whole, before = path.read_bytes(), scored(room, "released")
    path.write_bytes(whole.replace(b'"slope":', b'"slope":1', 1))
    try:
        with pytest.raises(ArtefactRefused):
            scoring.score(room)
        with pytest.raises(ArtefactRefused):
            scoring.score(room, shadow=True)
    finally:
        path.write_bytes(whole)
    assert scored(room, "released") == before


def test_the_object_store_stands_in_for_a_lost_file(room):
    path = room.settings.artefacts_dir / f"{artefacts.latest(room.settings).digest}.json"
    whole = path.read_bytes()
    path.unlink()
    try:
        assert scoring.score(room).detail["mode"] == "released"
    finally:
        path.write_bytes(whole)


def test_an_unreachable_portal_fails_closed(room):
    room.portal.down.add("current_release")
    try:
        with pytest.raises(PortalFault):
            scoring.score(room, shadow=True)
        with pytest.raises(PortalFault):
            gate.ask(room)
    finally:
        room.portal.down.clear()


def as_one_account(room) -> pa.Table:
    """The features of every account at every cut-off become those of the most suspicious one."""
    rows = room.warehouse.query("select * from scoring.account_features")
    worst = scored(room, "released")[0]["account_token"]
    at = rows["account_token"].to_pylist().index(worst)
    kept = {"as_of", "account_token", "institution", "kind", "is_watch_listed"}
    for i, name in enumerate(rows.column_names):
        if name not in kept:
            same = pa.array([rows[name][at].as_py()] * rows.num_rows, rows[name].type)
            rows = rows.set_column(i, rows.schema.field(name), same)
    return rows


def test_a_run_like_the_reference_leaves_the_release_in_force(room):
    result = scoring.score(room)
    kept = room.warehouse.query("select * from scoring.drift").to_pylist()

    assert result.detail["psi_score"] < 0.01 and result.detail["suspended"] is False
    assert [round(r["psi_score"], 4) for r in kept] == [result.detail["psi_score"]]
    assert kept[0]["accounts"] == ACCOUNTS


def test_drift_suspends_the_release_at_the_portal_and_closes_the_gate(room):
    whole = room.warehouse.query("select * from scoring.account_features")
    room.warehouse.replace_rows("scoring.account_features", as_one_account(room))
    try:
        result = scoring.score(room)
    finally:
        room.warehouse.replace_rows("scoring.account_features", whole)
    record = room.portal.release(scoring.latest_release_id(room.settings))

    assert result.detail["psi_score"] > load_policy().suspension.psi_over
    assert result.detail["suspended"] is True
    assert record.state is ReleaseState.SUSPENDED
    assert "drifted" in record.suspended_reason and "偏離" in record.suspended_reason
    assert room.portal.events[-1].verb == "release.watched"
    with pytest.raises(GateClosed, match="drifted"):
        scoring.score(room)
    assert not gate.ask(room).is_open


def test_an_identifier_in_clear_is_counted(room):
    answers, now = load_answers(), datetime.now(UTC)
    clean = collect(room, answers, now=now)["raw_id_hits"]
    row = room.warehouse.query("select * from landing.accounts limit 1")
    dirty = row.set_column(row.column_names.index("account_token"), "account_token", pa.array(["A123456789"]))
    room.warehouse.replace_rows("landing.accounts", dirty, where="false")
    try:
        hits = collect(room, answers, now=now)["raw_id_hits"]
    finally:
        room.warehouse.replace_rows("landing.accounts", row.slice(0, 0), where="account_token = 'A123456789'")

    assert clean.value == 0 and clean.cases > 1000
    assert hits.value == 1


def test_the_release_was_judged_under_the_policy_of_the_room(room):
    record = room.portal.release(scoring.latest_release_id(room.settings))

    assert record.draft.digests.policy == load_policy(room.settings.policy_file).digest
