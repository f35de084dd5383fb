"""Parquet to an index: every transfer once, whatever the order, the files and the types."""

import errno
import os

import numpy as np
import pyarrow as pa
import pytest

from cleanroom.errors import IndexDamaged, MalformedRows, NotAllowed, NothingToDo, StoreFault
from cleanroom.lookout.index import Index, build
from cleanroom.lookout.index import reading as reading_module
from tests.factories.index_tables import (
    built,
    check_accounts,
    contents,
    expected,
    sixteen,
    table_of,
    written,
)

MANY = list(range(3_000))


def opened(folder, *tables, **options):
    facts = build(written(folder / "parquet", *tables, **options), folder / "index")
    return Index.open(folder / "index", verify="full"), facts


@pytest.mark.parametrize("hexed", [False, True])
def test_an_index_holds_the_transfers_of_all_files(tmp_path, hexed):
    index, facts = opened(tmp_path, table_of(MANY[:1_700], hexed=hexed), table_of(MANY[1_700:], hexed=hexed))
    assert contents(index.graph) == expected(MANY)
    assert (facts.transfers, facts.accounts, facts.repeated) == (len(MANY), index.graph.accounts, 0)
    assert list(facts.seconds) == [
        "read and intern",
        "look for repeated ids",
        "order",
        "sides",
        "write",
        "publish",
    ]
    check_accounts(index)


def test_accounts_are_numbered_in_the_order_of_first_appearance_in_a_row_group(tmp_path):
    index, _ = opened(tmp_path, table_of(MANY))
    table = table_of(MANY)
    seen = [*table["sender_account_token"][:1000].to_pylist(), *table["receiver_account_token"][:1000].to_pylist()]
    first = list(dict.fromkeys(seen))
    assert len(first) > 50
    assert [index.token(number) for number in range(len(first))] == first


def test_rows_in_order_are_seen_to_be(tmp_path):
    order = sorted(MANY, key=lambda n: (expected([n])[sixteen("t", n)][0], sixteen("t", n)))
    index, facts = opened(tmp_path, table_of(order))
    assert facts.was_ordered
    assert contents(index.graph) == expected(MANY)


def test_row_groups_are_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(reading_module, "_PART", 70)
    index, _ = opened(tmp_path, table_of(MANY[:900]), table_of(MANY[900:]), rows_per_group=1_500)
    assert contents(index.graph) == expected(MANY)


def test_the_whole_graph_is_there_before_it_is_published(tmp_path):
    heard = []

    def ready(graph, accounts_of):
        assert not (tmp_path / "index" / "current.json").exists()
        heard.append((contents(graph), accounts_of(graph.tokens).tolist()))

    build(written(tmp_path / "parquet", table_of(MANY)), tmp_path / "index", ready=ready)
    index = Index.open(tmp_path / "index")
    assert heard == [(expected(MANY), list(range(index.graph.accounts)))]
    assert contents(index.graph) == heard[0][0]


def test_what_is_refused_while_it_is_asked_is_not_published(tmp_path):
    def ready(graph, accounts_of):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        build(written(tmp_path / "parquet", table_of(MANY)), tmp_path / "index", ready=ready)
    assert not (tmp_path / "index" / "current.json").exists()


def test_the_same_transfer_again_counts_once(tmp_path):
    index, facts = opened(tmp_path, table_of([*range(50), *range(20)]), table_of(range(40, 60)))
    assert contents(index.graph) == expected(range(60))
    assert facts.repeated == 30


def test_very_many_repeats_of_one_id_are_found_too(tmp_path):
    index, facts = opened(tmp_path, table_of([*range(10), *([3] * 2_000)]))
    assert contents(index.graph) == expected(range(10))
    assert facts.repeated == 2_000


@pytest.mark.parametrize(
    "other", [{"amount_cents": 99}, {"executed_at": 5}, {"receiver_account_token": sixteen("a", 99)}]
)
def test_another_transfer_under_an_id_is_refused_by_its_place(tmp_path, other):
    files = written(tmp_path, table_of(range(50)), table_of([*range(60, 70)]), table_of([7], **other))
    with pytest.raises(MalformedRows, match=r"part-2.parquet, row 1: .*the id of another one") as refused:
        build(files, tmp_path / "index")
    assert sixteen("t", 7).hex() not in str(refused.value)
    with pytest.raises(IndexDamaged):
        Index.open(tmp_path / "index")


def with_row(column, value):
    table = table_of(range(9))
    values = table[column].to_pylist()
    values[4] = value
    hexed = isinstance(value, str)
    values = [v.hex() if hexed and isinstance(v, bytes) else v for v in values]
    kind = pa.string() if hexed else table[column].type
    return table.set_column(table.schema.get_field_index(column), column, pa.array(values, kind))


@pytest.mark.parametrize(
    "column, value",
    [
        ("transfer_id", None),
        ("amount_cents", None),
        ("amount_cents", 0),
        ("amount_cents", -5),
        ("sender_account_token", "a" * 31 + "g"),
        ("sender_account_token", "A" * 32),
        ("receiver_account_token", "a" * 31),
        ("receiver_account_token", None),
    ],
)
def test_a_row_that_cannot_be_one_is_refused_by_its_place(tmp_path, column, value):
    files = written(tmp_path, table_of(range(20, 25)), with_row(column, value), rows_per_group=2)
    with pytest.raises(MalformedRows, match=f"part-1.parquet, row 5, {column}"):
        build(files, tmp_path / "index")


def test_a_column_of_another_type_or_none_is_refused(tmp_path):
    table = table_of(range(5))
    floats = table.set_column(4, "amount_cents", table["amount_cents"].cast(pa.float64()))
    for wrong in (floats, table.drop_columns(["executed_at"])):
        with pytest.raises(MalformedRows):
            build(written(tmp_path, wrong), tmp_path / "index")


def test_what_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(MalformedRows, match="not Parquet"):
        build([tmp_path / "x.parquet"], tmp_path / "index")


def test_nothing_to_read_is_refused(tmp_path):
    with pytest.raises(NothingToDo):
        build([], tmp_path / "index")


def test_an_index_of_no_transfers_is_one(tmp_path):
    index, _ = opened(tmp_path, table_of([]))
    assert index.graph.transfers == index.graph.accounts == 0
    assert index.account(sixteen("a", 1)) is None


def test_an_index_is_not_built_over_another(tmp_path):
    folder = built(tmp_path, range(3))
    with pytest.raises(NotAllowed, match="has an index"):
        build(written(tmp_path / "more", table_of(range(5))), folder)
    assert contents(Index.open(folder).graph) == expected(range(3))


def test_a_walk_reads_at_most_24_bytes_a_transfer_and_direction(tmp_path):
    index, facts = opened(tmp_path, table_of(MANY))
    base = index.graph.base
    shared = sum(column.nbytes for column in (base.time_us, base.sender, base.receiver, base.amount_cents))
    entries = sum(array.nbytes for side in (base.outgoing, base.incoming) for array in (side.number, side.other))
    assert (shared + entries) / 2 / len(base) == 20
    offsets = base.outgoing.offsets.nbytes + base.incoming.offsets.nbytes
    assert np.isclose(facts.walk_bytes_per_direction, 20 + offsets / 2 / len(base))


def test_a_disk_that_refuses_is_heard(tmp_path, monkeypatch):
    def broken(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StoreFault, match="Input/output error"):
        built(tmp_path, range(9))
    monkeypatch.undo()
    with pytest.raises(IndexDamaged, match="no index"):
        Index.open(tmp_path / "index")
    assert contents(Index.open(built(tmp_path, range(9))).graph) == expected(range(9))
