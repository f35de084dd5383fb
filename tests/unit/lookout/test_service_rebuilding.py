"""When the index no longer fits what is published: found, said, nothing wrong taken in, mended by a build anew."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.contracts.tables import EPOCH
from cleanroom.errors import KeyRefused, MalformedRows, NotAllowed
from cleanroom.lookout.index import Index, Writer
from cleanroom.lookout.service import rebuilding, spool
from cleanroom.lookout.service.folders import Folders, alone
from cleanroom.lookout.service.syncing import sync
from cleanroom.lookout.verdicts.listings import as_table
from tests.factories.killing import KILLED, killed_at
from tests.factories.lookout_service import chain_of, listing, table_of, token
from tests.factories.tie_tables import TIES, tie_table

ROWS = chain_of(6)


def publish(graph, name: str, table: pa.Table, *, epoch: int = 1):
    graph.mkdir(exist_ok=True)
    path = graph / f"{name}.parquet"
    fresh = path.with_suffix(".fresh")
    pq.write_table(table.replace_schema_metadata({EPOCH: str(epoch)}), fresh)
    os.replace(fresh, path)
    return path


def reversed_ones(rows) -> pa.Table:
    return table_of(rows).select(["transfer_id", "executed_at"])


def silent(stage: str) -> None:
    pass


@pytest.fixture
def graph(tmp_path):
    return tmp_path / "graph"


@pytest.fixture
def folders(tmp_path, graph):
    made = Folders(tmp_path / "lookout")
    made.make()
    rebuilding.build_index(made, [publish(graph, "transfers", table_of(ROWS))], ties=None, progress=silent)
    return made


def transfers_in(folders) -> int:
    return Index.open(folders.index).graph.transfers


def test_what_fits_is_taken_and_nothing_is_said(folders, graph):
    publish(graph, "listings", as_table([listing("A1", minute=1)]))
    publish(graph, "reversed", reversed_ones([]))
    assert sync(graph, folders) == ["transfers.parquet", "listings.parquet"]
    assert rebuilding.why_anew(folders) is None
    assert not folders.outdated.exists()


@pytest.mark.parametrize("name", ["transfers", "listings", "ties", "reversed"])
def test_nothing_of_another_epoch_is_taken(folders, graph, name):
    sync(graph, folders)
    before = sorted(path.name for path in folders.home.iterdir())
    table = as_table([listing("A1", minute=1)]) if name == "listings" else table_of(ROWS)
    publish(graph, name, table, epoch=2)
    for _ in range(2):
        with pytest.raises(KeyRefused, match="another K2") as refused:
            sync(graph, folders)
        assert "--anew" in refused.value.sentence
    assert len(spool.waiting(folders)) == 1  # of the epoch before
    assert sorted(path.name for path in folders.home.iterdir()) == sorted([*before, "outdated.json"])


def test_reversed_transfers_that_the_index_has_are_counted_in_base_and_delta(folders, graph):
    late = chain_of(3, first=50)
    writer = Writer.open(folders.index)
    writer.append(table_of(late))
    writer.close()
    unknown = chain_of(2, first=80)
    publish(graph, "reversed", reversed_ones(sorted([*ROWS[:2], late[0], *unknown], key=_order)))
    assert "reversed.parquet" in sync(graph, folders)
    assert rebuilding.why_anew(folders).en.startswith("3 transfers of the index were reversed since")
    publish(graph, "reversed", reversed_ones(unknown))
    sync(graph, folders)
    assert rebuilding.why_anew(folders) is None


def _order(row) -> tuple:
    return row["executed_at"], row["transfer_id"]


def test_an_index_anew_is_what_was_published_and_takes_from_there(folders, graph):
    folders.verdicts.mkdir()
    path = publish(graph, "transfers", table_of(ROWS[2:]), epoch=2)
    with pytest.raises(KeyRefused):
        sync(graph, folders)
    facts = rebuilding.build_anew(folders, [path], ties=None, progress=silent)
    assert facts.transfers == transfers_in(folders) == 4
    assert Index.open(folders.index, verify="full").account(token("A0")) is None
    assert (folders.outdated.exists(), folders.verdicts.exists()) == (False, False)
    assert sync(graph, folders) == ["transfers.parquet"]
    assert not [path for path in folders.home.iterdir() if path.name.startswith("index.")]


def test_an_index_anew_from_an_older_file_takes_the_newer_again(folders, graph):
    sync(graph, folders)
    (batch,) = spool.waiting(folders)
    spool.settle(folders, batch, rows=6, state=2)
    older = publish(graph.parent / "older", "transfers", table_of(ROWS[:4]))
    rebuilding.build_anew(folders, [older], ties=None, progress=silent)
    assert sync(graph, folders) == ["transfers.parquet"]
    assert len(spool.waiting(folders)) == 1


def test_the_keeper_finds_the_ties_of_the_index_anew_and_none_of_the_former(folders, graph):
    """What lies in the folder is what the keeper takes in."""
    former = publish(graph, "ties", tie_table(TIES))
    assert sync(graph, folders) == ["transfers.parquet", "ties.parquet"]
    path, ties = (
        publish(graph, "transfers", table_of(ROWS), epoch=2),
        publish(graph, "ties", tie_table(TIES[:1]), epoch=2),
    )
    rebuilding.build_anew(folders, [path], ties=ties, progress=silent)
    assert folders.ties.read_bytes() == former.read_bytes()
    assert len(Index.open(folders.index).tied_graph.ties) == 1
    with Writer.open(folders.index) as writer:
        assert not writer.take_ties(folders.ties)
    rebuilding.build_anew(folders, [path], ties=None, progress=silent)
    assert not folders.ties.exists()
    assert "ties.parquet" in sync(graph, folders)


def test_where_there_is_no_index_yet_it_is_built_as_well(tmp_path, graph):
    made = Folders(tmp_path / "lookout")
    made.make()
    rebuilding.build_anew(made, [publish(graph, "transfers", table_of(ROWS))], ties=None, progress=silent)
    assert transfers_in(made) == 6


def test_a_served_folder_keeps_its_index(folders, graph):
    with alone(folders), pytest.raises(NotAllowed, match="served already"):
        rebuilding.build_anew(folders, [graph / "transfers.parquet"], ties=None, progress=silent)
    assert transfers_in(folders) == 6


def test_files_of_two_epochs_make_no_index(folders, graph):
    one, two = publish(graph, "one", table_of(ROWS[:2])), publish(graph, "two", table_of(ROWS[2:]), epoch=2)
    with pytest.raises(KeyRefused, match="several epochs"):
        rebuilding.build_anew(folders, [one, two], ties=None, progress=silent)
    assert transfers_in(folders) == 6


def test_a_file_that_is_no_parquet_is_refused_and_the_index_stays(folders, graph):
    (graph / "listings.parquet").write_bytes(b"listings")
    with pytest.raises(MalformedRows):
        sync(graph, folders)
    assert rebuilding.why_anew(folders) is None


@pytest.mark.parametrize("call", [1, 2])
def test_killed_over_the_change_the_same_call_finishes(folders, graph, call):
    path = publish(graph, "transfers", table_of(ROWS[3:]), epoch=2)

    def anew():
        return rebuilding.build_anew(folders, [path], ties=None, progress=silent)

    point = "cleanroom.lookout.service.rebuilding:os.rename"
    assert killed_at(point, anew, call=call) == KILLED
    assert anew().transfers == transfers_in(folders) == 3
    assert sync(graph, folders) == ["transfers.parquet"]
