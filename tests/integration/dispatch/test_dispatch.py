"""From a released model to sealed warnings at the portal. Each test goes on from where the one before stands."""

import base64
import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from cleanroom.contracts.canonical import WARNING_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import WarningBody
from cleanroom.crypto.signing import verify
from cleanroom.dispatch.rules import DispatchRules
from cleanroom.errors import GateClosed, KeyRefused, NothingToDo, PortalFault
from cleanroom.pipeline import scoring
from cleanroom.pipeline.dispatch import SENT, dispatch
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.pipeline.rotation import rotate_k2
from cleanroom.stores import retokening
from cleanroom.vocabulary.terms import ReleaseState, WarningKind
from tests.factories.killing import KILLED, killed_at
from tests.factories.released_room import make_room, release_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    made = make_room(tmp_path_factory.mktemp("dispatch"))
    yield made
    made.warehouse.close()


def rows(room, sql):
    return room.warehouse.query(sql).to_pylist()


def inside(room, message) -> dict:
    return json.loads(room.rings[message.participant].decrypt(base64.b64decode(message.sealed_body)))


def test_without_a_release_the_gate_is_closed_and_nothing_is_read(room):
    with pytest.raises(GateClosed):
        dispatch(room)
    assert room.portal.sent == {} and not room.warehouse.table_exists("dispatch.warning_candidates")


def test_shadow_scores_are_never_sent(room):
    scoring.score(room, shadow=True)
    with pytest.raises(GateClosed):
        dispatch(room)
    release_model(room)
    with pytest.raises(NothingToDo, match="scoring step"):
        dispatch(room)
    assert room.portal.sent == {}


def test_an_institution_without_a_sealing_key_stops_the_run_before_anything_is_sent(room):
    scoring.score(room)
    keys = room.portal.gates["808"].keys
    room.portal.change("808", keys=tuple(k for k in keys if k.purpose == "signing"))
    with pytest.raises(KeyRefused, match="808"):
        dispatch(room)
    room.portal.change("808", keys=keys)
    assert room.portal.sent == {}


def test_a_portal_that_does_not_answer_is_a_fault_and_nothing_is_recorded(room):
    room.portal.down = {"send_warnings"}
    with pytest.raises(PortalFault):
        dispatch(room)
    room.portal.down = set()
    assert not room.warehouse.table_exists(SENT)


def test_killed_after_sending_and_before_recording_it_is_made_good(room):
    room.warehouse.close()
    status = killed_at("cleanroom.pipeline.dispatch:_record_sent", lambda: dispatch(room))
    assert status == KILLED
    room.portal.remember()
    before = dict(room.portal.sent)
    assert len(before) > 10, "the killed run had sent"
    again = dispatch(room)
    assert again.detail["sent"] == 0 and again.detail["known"] == len(before)
    assert room.portal.sent == before
    assert {r["warning_id"] for r in rows(room, f"select warning_id from {SENT}")} == set(before)


def test_the_same_run_again_sends_and_records_nothing_new(room):
    count = f"select count(*) as n, count(distinct warning_id) as ids from {SENT}"
    before, sent = rows(room, count), dict(room.portal.sent)
    assert dispatch(room).detail["accepted"] == 0
    assert rows(room, count) == before and before[0]["n"] == before[0]["ids"] == len(sent)
    assert room.portal.sent == sent


def test_each_warning_opens_at_its_own_institution_signed_by_the_room(room):
    handles = {(r["participant"], r["account_token"]): r["handle"] for r in rows(room, "select * from routing.handles")}
    sent = {r["warning_id"]: r for r in rows(room, f"select * from {SENT}")}
    assert {m.participant for m in room.portal.sent.values()} == set(room.rings)
    for message in room.portal.sent.values():
        envelope = inside(room, message)
        verify(room.keys.signing_public_key, WARNING_DOMAIN, canonical_bytes(envelope["body"]), envelope["signature"])
        body = WarningBody.model_validate(envelope["body"])
        row = sent[message.warning_id]
        assert body.handle == handles[message.participant, row["account_token"]]
        assert body.amount_bound_cents == message.amount_bound_cents == row["amount_bound_cents"]
        assert body.reasons and all(r["en"] and r["zh_hant"] for r in body.reasons)


def test_nobody_else_opens_it(room):
    message = next(iter(room.portal.sent.values()))
    others = [ring for code, ring in room.rings.items() if code != message.participant]
    assert others
    for ring in others:
        with pytest.raises(Exception, match="envelope"):
            ring.decrypt(base64.b64decode(message.sealed_body))


def test_no_token_no_handle_and_no_watch_listed_account_leaves(room):
    tokens = {r["account_token"] for r in rows(room, "select account_token from moneyflow.int_accounts__known")}
    outside = [m.model_dump_json(exclude={"sealed_body"}) for m in room.portal.sent.values()]
    outside += [r.model_dump_json() for r in room.portal.results] + [e.model_dump_json() for e in room.portal.events]
    inside_text = json.dumps([inside(room, m)["body"] | {"handle": ""} for m in room.portal.sent.values()])
    assert tokens and outside
    assert not [t for t in tokens if any(t in text for text in outside) or t in inside_text]
    listed = "select account_token from moneyflow.int_list_events__watch_listed where lifted_at is null"
    assert rows(room, f"select count(*) as n from {SENT} where account_token in ({listed})") == [{"n": 0}]


def test_amounts_never_pass_what_was_reported(room):
    [most] = rows(room, "select max(reported_loss_cents) as c from moneyflow.int_list_events__watch_listed")
    mules = [m for m in room.portal.sent.values() if m.kind is WarningKind.MULE]
    assert mules and all(m.amount_bound_cents <= (most["c"] or 0) for m in mules)


def test_paths_go_on_in_time_from_layer_one_to_the_warned_account(room):
    longest = 0
    for message in room.portal.sent.values():
        path = WarningBody.model_validate(inside(room, message)["body"]).path
        assert [s.layer for s in path] == list(range(1, len(path) + 1))
        assert all(a.executed_at < b.executed_at for a, b in pairwise(path))
        if path and message.kind is WarningKind.MULE:
            assert path[-1].receiver_institution == message.participant and len(path) == message.layer
        longest = max(longest, len(path))
    assert longest >= 1


def test_the_publication_counts_and_says_no_more(room):
    body = [r for r in room.portal.results if r.kind == "dispatch"][-1].body
    assert sum(body["totals"].values()) == len(room.portal.sent)
    assert set(body["institutions"]) == set(room.rings)


def test_a_victim_is_not_itself_warned_about_as_a_mule(room):
    both = f"select account_token from {SENT} group by account_token having count(distinct kind) > 1"
    assert rows(room, both) == []
    kinds = {r["kind"]: r["n"] for r in rows(room, f"select kind, count(*) as n from {SENT} group by kind")}
    assert kinds["mule"] <= room.settings.warning_capacity


def send_afresh(room, **rules):
    """As if nothing had been sent yet."""
    room.portal.sent.clear()
    room.warehouse.replace_rows(SENT, room.warehouse.query(f"select * from {SENT} limit 0"))
    return dispatch(room, rules=DispatchRules(**rules)).detail


def test_the_numbers_are_the_same_whenever_it_runs(room):
    before = set(room.portal.sent)
    send_afresh(room)
    assert set(room.portal.sent) == before


def test_the_daily_cap_holds_per_institution_and_the_rest_waits(room):
    found = send_afresh(room, daily_cap=3)
    assert found["sent"] == 9 and found["capped"] > 0
    again = dispatch(room, rules=DispatchRules(daily_cap=3)).detail
    assert (again["sent"], again["known"]) == (0, 9)
    assert dispatch(room, rules=DispatchRules(daily_cap=1000)).detail["sent"] == again["capped"]


def test_an_institution_that_holds_the_release_or_left_gets_none(room):
    [release_id] = room.portal.drafted
    room.portal._update(release_id, held_by=("808",))
    room.portal.change("822", state="suspended")
    found = send_afresh(room)
    room.portal._update(release_id, held_by=())
    room.portal.change("822", state="active")
    assert {m.participant for m in room.portal.sent.values()} == {"700"}
    assert found["held"] > 0 and found["unroutable"] > 0


def test_after_a_rotation_of_k2_nothing_is_sent_twice(room):
    """Every token has another name; the numbers of what was sent stay, and so do the marts and the way back."""
    unroutable = dispatch(room).detail["unroutable"]
    before, accounts = dict(room.portal.sent), rows(room, f"select account_token from {SENT}")
    rotate_k2(room, to=2)
    rotated = replace(room, keys=open_room_keys(room.settings))
    again = dispatch(rotated)
    assert again.detail["sent"] == 0 and again.detail["known"] > 10
    assert again.detail["unroutable"] == unroutable
    assert room.portal.sent == before
    renamed = rows(room, f"select account_token from {SENT}")
    assert len(renamed) == len(accounts)
    assert not {r["account_token"] for r in renamed} & {r["account_token"] for r in accounts}


def test_no_token_stands_in_a_column_of_another_name(room):
    """A rotation renames columns that end in _token; a token elsewhere would be left behind."""
    known = set(retokening.tokens_in(room.warehouse).to_pylist())
    looked_at = 0
    for table, column in room.warehouse.columns_ending(""):
        if column.endswith(retokening.SUFFIX) or column == "warning_id":
            continue
        values = room.warehouse.query(f"select distinct cast({column} as varchar) as x from {table}")["x"].to_pylist()
        looked_at += len(values)
        assert not {part for v in values if v for part in _inside(v)} & known, f"{table}.{column} holds tokens"
    assert len(known) > 100 and looked_at > 1000


def _inside(text):
    """Anything in a longer text that looks like a token: reasons and the like are JSON."""
    return re.findall(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", text)


def test_a_suspended_release_sends_nothing_more(room):
    [release_id] = room.portal.drafted
    room.portal.suspend_release(release_id, "drift")
    assert room.portal.drafted[release_id].state is ReleaseState.SUSPENDED
    room.portal.sent.clear()
    with pytest.raises(GateClosed):
        dispatch(room)
    assert room.portal.sent == {}
