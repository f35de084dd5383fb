"""Whatever was appended, merged and opened again, in whatever order: the index holds what came in, each once."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.errors import MalformedRows
from cleanroom.lookout.index import Index, Writer
from tests.factories.index_tables import built, check_accounts, contents, expected, table_of
from tests.factories.laws import LAW

NUMBERS = st.lists(st.integers(0, 60), max_size=15)
STEPS = st.lists(st.one_of(NUMBERS, st.sampled_from(["merge", "reopen"])), max_size=7)


@settings(LAW, max_examples=LAW.max_examples // 2)
@given(first=NUMBERS, steps=STEPS)
def test_any_way_to_the_same_transfers_gives_the_same_graph(first, steps):
    with tempfile.TemporaryDirectory() as place:
        folder = built(Path(place), first)
        reader, have = Index.open(folder), set(first)
        writer = Writer.open(folder)
        for step in steps:
            accounts = {reader.token(number): number for number in range(reader.graph.accounts)}
            if step == "merge":
                assert writer.merge() == (reader.graph.delta is not None)
            elif step == "reopen":
                writer.close()
                writer = Writer.open(folder)
            else:
                new = set(step) - have
                state = writer.state
                assert writer.append(table_of(step)) == (state + 1 if new else state)
                have |= new
            reader.refresh()
            assert reader.state == writer.state
            assert contents(reader.graph) == expected(have)
            assert all(reader.account(token) == number for token, number in accounts.items())
        check_accounts(reader)
        writer.close()
        assert contents(Index.open(folder, verify="full").graph) == expected(have)


@settings(LAW, max_examples=LAW.max_examples // 4)
@given(
    first=NUMBERS,
    second=NUMBERS,
    merged=st.booleans(),
    wrong=st.integers(0, 60),
    other=st.sampled_from([{"amount_cents": 99}, {"executed_at": 5}, {"sender_account_token": b"\1" * 16}]),
)
def test_another_transfer_under_a_known_id_is_refused_and_nothing_of_its_batch_stays(
    first, second, merged, wrong, other
):
    with tempfile.TemporaryDirectory() as place:
        folder = built(Path(place), first)
        with Writer.open(folder) as writer:
            writer.append(table_of([*second, wrong]))
            if merged:
                writer.merge()
            before = Index.open(folder).graph
            with pytest.raises(MalformedRows, match=r"batch.arrow, row 1: .*the id of another one"):
                writer.append(table_of([wrong], **other), file="batch.arrow")
            assert writer.append(table_of([wrong])) == writer.state == before.state
            writer.append(table_of([70]))
        after = Index.open(folder, verify="full").graph
        assert contents(after) == expected({*first, *second, wrong, 70})


@settings(LAW, max_examples=LAW.max_examples // 6)
@given(first=NUMBERS, batch=NUMBERS, repeated=st.integers(0, 60))
def test_an_id_twice_in_a_batch_counts_once_or_is_refused(first, batch, repeated):
    with tempfile.TemporaryDirectory() as place:
        folder = built(Path(place), first)
        with Writer.open(folder) as writer:
            writer.append(table_of([*batch, repeated, repeated]))
            assert contents(Index.open(folder).graph) == expected({*first, *batch, repeated})
            twice = table_of([80, 81]).set_column(0, "transfer_id", table_of([80, 80])["transfer_id"])
            with pytest.raises(MalformedRows, match=r"row 2: .*the id of another one"):
                writer.append(twice)
