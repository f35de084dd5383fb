"""Tokens are renamed everywhere or nowhere, on both engines."""

import pyarrow as pa
import pytest

from cleanroom.errors import WarehouseFault
from cleanroom.settings import RoomSettings
from cleanroom.stores import retokening
from cleanroom.stores.warehouse import open_warehouse
from tests.factories.landing import account_token, land_rows
from tests.spec.stores.test_warehouse import ACCOUNT, transfer

MARKS = pa.schema([pa.field("mark", pa.string())])


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def warehouse(request, tmp_path):
    settings = RoomSettings(home=tmp_path)
    if request.param == "bigquery":
        prefix = f"r{abs(hash(request.node.name))}"
        address = f"bigquery://contract/{prefix}?endpoint={request.getfixturevalue('emulator')}"
        settings = RoomSettings(home=tmp_path, warehouse=address)
    opened = open_warehouse(settings)
    opened.ensure_tables()
    land_rows(opened, "808", "transfers", [transfer(), transfer("t2", receiver_account="777777")])
    land_rows(opened, "808", "accounts", [ACCOUNT])
    built = pa.table({"account_token": [account_token("808", "123456"), None], "score": [1.0, 2.0]})
    opened.replace_rows("scoring.account_scores", built)
    opened.replace_rows("landing.marks", MARKS.empty_table())
    yield opened
    opened.close()


def renaming(pairs):
    return pa.table([pa.array(list(side)) for side in zip(*pairs, strict=True)], schema=retokening.RENAMED)


def column(warehouse, table, name):
    return sorted(warehouse.query(f"select {name} as x from {table}")["x"].to_pylist(), key=str)


def test_every_column_of_every_table_that_ends_so_is_found(warehouse):
    found = warehouse.columns_ending("_token")
    assert ("landing.transfers", "sender_account_token") in found
    assert ("landing.accounts", "holder_id_token") in found
    assert ("routing.handles", "account_token") in found
    assert ("scoring.account_scores", "account_token") in found
    assert not [name for _, name in found if not name.endswith("_token")]


def test_a_token_is_renamed_wherever_it_stands_and_no_other(warehouse):
    mine, yours, third = (account_token(*a) for a in (("808", "123456"), ("822", "654321"), ("822", "777777")))
    retokening.rename(warehouse, renaming([(mine, "m" * 32), (third, mine)]))
    assert column(warehouse, "landing.transfers", "sender_account_token") == ["m" * 32] * 2
    assert column(warehouse, "landing.transfers", "receiver_account_token") == sorted([yours, mine])
    assert column(warehouse, "routing.handles", "account_token") == ["m" * 32]
    assert column(warehouse, "landing.accounts", "account_token") == ["m" * 32]
    assert column(warehouse, "scoring.account_scores", "account_token") == [None, "m" * 32]


def test_all_tokens_are_listed_once(warehouse):
    tokens = retokening.tokens_in(warehouse).to_pylist()
    assert len(tokens) == len(set(tokens)) == 4  # three accounts and a holder
    assert account_token("822", "777777") in tokens


def test_what_goes_with_it_goes_with_it(warehouse):
    given = pa.table({"mark": ["x"]})
    also = [("insert into landing.marks (mark) select mark from given.marks", [])]
    retokening.rename(warehouse, renaming([("none", "other")]), also=also, given={"marks": given})
    assert column(warehouse, "landing.marks", "mark") == ["x"]


def test_a_failure_leaves_everything_as_it_was(warehouse):
    mine = account_token("808", "123456")
    broken = [("insert into landing.nowhere (mark) select mark from landing.marks", [])]
    with pytest.raises(WarehouseFault):
        retokening.rename(warehouse, renaming([(mine, "m" * 32)]), also=broken)
    assert column(warehouse, "routing.handles", "account_token") == [mine]
    with pytest.raises(WarehouseFault, match="two names"):
        retokening.rename(warehouse, renaming([(mine, "m" * 32), (mine, "n" * 32)]))
    assert column(warehouse, "landing.accounts", "account_token") == [mine]
