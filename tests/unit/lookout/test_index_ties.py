"""Ties in the index: taken whole or not at all, by content, and of one state with the graph."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.errors import IndexDamaged, MalformedRows
from cleanroom.lookout.index import Index, Writer, build
from cleanroom.lookout.index.tying import read_ties
from cleanroom.lookout.ties import EVER, KINDS
from tests.factories.index_tables import built, contents, expected, sixteen, table_of, written
from tests.factories.tie_tables import LATER, NOON, TIES, published, said, tie, tie_table


@pytest.fixture
def folder(tmp_path):
    return built(tmp_path, range(40))


def ties_of(folder):
    return said(Index.open(folder, verify="full").tied_graph)


def test_ties_come_back_as_they_were_published(folder, tmp_path):
    assert Index.open(folder).tied_graph is None
    with Writer.open(folder) as writer:
        before = writer.state
        assert writer.take_ties(published(tmp_path / "ties.parquet", TIES))
        assert writer.state == before + 1
    assert ties_of(folder) == {(r["account_token"], r["kind"], r["identifier_token"], r["held_from"]) for r in TIES}
    assert contents(Index.open(folder).graph) == expected(range(40))


def test_the_same_ties_again_change_nothing_and_others_replace_all(folder, tmp_path):
    path = published(tmp_path / "ties.parquet", TIES)
    with Writer.open(folder) as writer:
        assert [writer.take_ties(path) for _ in range(2)] == [True, False]
        reader = Index.open(folder)
        held = reader.tied_graph
        assert writer.take_ties(published(path, TIES[:2]))
        assert len(said(held)) == len(TIES)
        assert reader.refresh() and len(said(reader.tied_graph)) == 2
    assert len(list(folder.glob("ties-*"))) == 1


def test_appends_and_merges_keep_the_ties(folder, tmp_path):
    with Writer.open(folder) as writer:
        writer.take_ties(published(tmp_path / "ties.parquet", TIES))
        kept = ties_of(folder)
        writer.append(table_of(range(40, 60)))
        assert ties_of(folder) == kept
        writer.merge()
    assert ties_of(folder) == kept
    assert contents(Index.open(folder).graph) == expected(range(60))


def test_an_index_is_built_with_ties(tmp_path):
    files = written(tmp_path / "parquet", table_of(range(5)))
    build(files, tmp_path / "index", ties=published(tmp_path / "ties.parquet", TIES))
    assert len(ties_of(tmp_path / "index")) == len(TIES)


def test_no_ties_are_ties_too(folder, tmp_path):
    with Writer.open(folder) as writer:
        writer.take_ties(published(tmp_path / "ties.parquet", []))
    tied = Index.open(folder, verify="full").tied_graph
    assert (len(tied.ties), tied.number(sixteen("z", 9))) == (0, None)
    assert tied.rows(np.arange(3)).tolist() == [-1, -1, -1]


def test_an_account_that_only_ties_know_has_a_number_beyond_the_graph_until_it_has_a_transfer(folder, tmp_path):
    """And who holds the former state goes on reading the former numbers."""
    with Writer.open(folder) as writer:
        writer.take_ties(published(tmp_path / "ties.parquet", [tie("a", 0, "p", 1), tie("a", 13, "p", 1)]))
        reader = Index.open(folder)
        tied, newcomer = reader.tied_graph, sixteen("a", 13)
        beyond = tied.number(newcomer)
        assert reader.account(newcomer) is None and beyond >= tied.graph.accounts
        writer.append(table_of(range(100, 200)))
        assert reader.refresh() and reader.account(newcomer) == reader.tied_graph.number(newcomer)
        assert reader.tied_graph.number(newcomer) < reader.graph.accounts
        assert (tied.number(newcomer), tied.tokens(np.array([beyond]))[0].tobytes()) == (beyond, newcomer)


def test_a_changed_byte_of_the_ties_is_found(folder, tmp_path):
    with Writer.open(folder) as writer:
        writer.take_ties(published(tmp_path / "ties.parquet", TIES))
    (path,) = folder.glob("ties-*")
    content, draw = path.read_bytes(), random.Random(3)
    for place in {0, len(content) - 1, *(draw.randrange(len(content)) for _ in range(30))}:
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(IndexDamaged):
            Index.open(folder, verify="full")
    path.unlink()
    with pytest.raises(IndexDamaged, match="missing"):
        Index.open(folder)


# --- what is published ---------------------------------------------------------------------------------------------


def read(table: pa.Table, tmp_path):
    pq.write_table(table, tmp_path / "ties.parquet")
    return read_ties((tmp_path / "ties.parquet").read_bytes(), file="ties.parquet")


def test_a_pair_that_stands_twice_counts_since_its_earlier_moment(tmp_path):
    rows = [tie("a", 1, "p", 1, since=moment) for moment in (LATER, NOON, LATER)]
    assert read(tie_table(rows), tmp_path).own_from.tolist() == [int(NOON.timestamp() * 1e6)]
    assert read(tie_table([*rows, tie("a", 1, "p", 1)]), tmp_path).own_from.tolist() == [EVER]


def test_accounts_of_an_identifier_stand_in_the_order_in_which_they_had_it(tmp_path):
    rows = [tie("a", n, "p", 1, since=m) for n, m in ((1, LATER), (2, None), (3, NOON))]
    ties = read(tie_table(rows), tmp_path)
    assert [ties.accounts[row].tobytes() for row in ties.members] == [sixteen("a", n) for n in (2, 3, 1)]
    assert KINDS[ties.kinds[0]] == "phone"


@pytest.mark.parametrize(
    ("table", "place"),
    [
        (tie_table(TIES).drop_columns(["held_from"]), "held_from"),
        (tie_table(TIES).drop_columns(["kind"]), "kind"),
        (tie_table([*TIES, tie("a", 1, "p", 77) | {"kind": "shoe"}]), f"row {len(TIES) + 1}, kind"),
        (tie_table([tie("a", 1, "p", 1), tie("a", 2, "p", 1) | {"kind": "device"}]), "kind"),
        (tie_table([tie("a", 1, "p", 1) | {"account_token": None}]), "row 1, account_token"),
        (tie_table(TIES).set_column(3, "held_from", pa.array([1] * len(TIES))), "held_from"),
    ],
)
def test_another_form_is_refused_and_the_former_ties_stay(folder, tmp_path, table, place):
    with Writer.open(folder) as writer:
        writer.take_ties(published(tmp_path / "good.parquet", TIES))
        pq.write_table(table, tmp_path / "ties.parquet")
        with pytest.raises(MalformedRows, match=place) as refused:
            writer.take_ties(tmp_path / "ties.parquet")
    assert sixteen("a", 1).hex() not in str(refused.value)
    assert len(ties_of(folder)) == len(TIES)


def test_what_is_not_parquet_is_refused():
    with pytest.raises(MalformedRows, match="not Parquet"):
        read_ties(b"PAR1, or not", file="ties.parquet")
