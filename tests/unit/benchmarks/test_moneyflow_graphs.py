"""The benchmark's graphs are the same for the same seed, heavy-tailed, and never half there."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.moneyflow import graphs, questions
from benchmarks.moneyflow.engines import ALL, engine
from benchmarks.moneyflow.graphs import BEGIN_US, END_US, SCHEMA, make, parquet_files, read_facts

SIZE = 20_000


def silent(_):
    pass


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs") / "small"
    make(folder, SIZE, progress=silent)
    return folder


def table_of(folder):
    return pq.read_table(parquet_files(folder)[0])


def test_columns_count_and_times(graph):
    table = table_of(graph)
    assert table.schema.equals(SCHEMA)
    assert len(table) == SIZE == len(set(table["transfer_id"].to_pylist()))
    times = table["executed_at"].to_numpy().astype(np.int64)
    assert times.min() >= BEGIN_US and times.max() < END_US
    assert len(np.unique(times)) < SIZE  # some moments are shared
    assert (np.diff(times) < 0).any()  # no order within a slice
    assert table["amount_cents"].to_numpy().min() > 0


def test_the_same_seed_gives_the_same_graph(graph, tmp_path):
    make(tmp_path / "again", SIZE, progress=silent)
    make(tmp_path / "other", SIZE, seed=7, progress=silent)
    assert table_of(tmp_path / "again").equals(table_of(graph))
    assert not table_of(tmp_path / "other").equals(table_of(graph))


def test_degrees_are_heavy_tailed_and_told(graph):
    facts = read_facts(graph)
    assert facts.transfers == SIZE and facts.accounts == SIZE // 10
    for degrees in (facts.out_degrees, facts.in_degrees):
        assert degrees["1"] > 20 * degrees["0.5"]


def test_starts_are_ordinary_senders_with_moments_inside(graph):
    starts = questions.together(graph)
    assert len(starts) == 402
    senders = set(table_of(graph)["sender_account_token"].to_pylist())
    assert {token.tobytes() for token in starts.tokens} <= senders
    assert starts.begins_us.min() >= BEGIN_US and starts.begins_us.max() < END_US


def test_a_graph_that_is_there_stays_and_one_that_was_broken_off_does_not_count(graph, tmp_path, monkeypatch):
    before = (graph / "facts.json").stat().st_mtime_ns
    make(graph, SIZE, progress=silent)
    assert (graph / "facts.json").stat().st_mtime_ns == before

    def breaks(*_):
        raise OSError("disk full")

    monkeypatch.setattr(graphs, "_write_later", breaks)
    with pytest.raises(OSError, match="disk full"):
        make(tmp_path / "broken", SIZE, progress=silent)
    assert read_facts(tmp_path / "broken") is None


def test_every_engine_has_its_own_name_and_shares_only_what_it_says():
    engines = [engine(name) for name in ALL]
    assert [one.name for one in engines] == list(ALL)
    assert {one.store for one in engines} == {"lookout", "duckdb", "postgres"}
