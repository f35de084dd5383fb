"""Files in every declared form give the same columns."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import MalformedRows, UndeclaredEncoding
from cleanroom.sealing import encodings
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.reading import read_batches
from cleanroom.sealing.rows import Rules, check_batch
from tests.factories.clean_room import HEADERS

CONTRACT = load_specification().datasets["list_events"]
MOMENT = "2025-04-05T08:00:00+08:00"
ROW = ["account", "123456789012", "watch_listed", "listed", MOMENT, "police", "詐欺罪", "案-1", "10.5", "1", ""]
TEXT = ",".join(HEADERS["list_events"]) + "\n" + ",".join(ROW) + "\n"
QUOTED = ",".join(HEADERS["list_events"]) + "\n" + ",".join(f'"{cell}"' for cell in ROW) + "\n"


def csv_file(tmp_path, content, encoding="utf-8", calendar="gregorian"):
    (tmp_path / "list_events.csv").write_bytes(content)
    source = Source(format="csv", encoding=encoding, calendar=calendar, timezone="Asia/Taipei")
    return ClearFile("list_events", tmp_path / "list_events.csv", source)


def parquet_file(tmp_path, dataset, table):
    pq.write_table(table, tmp_path / f"{dataset}.parquet")
    source = Source(format="parquet", encoding=None, calendar="roc", timezone="Asia/Taipei")
    return ClearFile(dataset, tmp_path / f"{dataset}.parquet", source)


def read_one(file, contract):
    """The batch of a small file."""
    [raw] = read_batches(file, contract)
    return raw


def check_one(file, contract, *, institution, known_institutions):
    return check_batch(read_one(file, contract), Rules(contract, file.source, institution, tuple(known_institutions)))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("cp950"), "cp950"),
        (TEXT.replace("\n", "\r\n").encode(), "utf-8"),
        ((TEXT + "\n\n").encode(), "utf-8"),
        (TEXT.rstrip("\n").encode(), "utf-8"),
        (QUOTED.encode(), "utf-8"),
    ],
    ids=["utf-8", "with BOM", "cp950", "crlf", "blank lines at the end", "no last newline", "quoted"],
)
def test_one_row_in_every_spelling(tmp_path, content, encoding):
    raw = read_one(csv_file(tmp_path, content, encoding), CONTRACT)
    assert [raw.columns[c][0].as_py() for c in HEADERS["list_events"]] == ROW
    assert (raw.row_numbers.to_pylist(), raw.ragged) == ([1], ())


def test_columns_may_come_in_another_order(tmp_path):
    names, row = HEADERS["list_events"][::-1], ROW[::-1]
    content = (",".join(names) + "\n" + ",".join(row) + "\n").encode()
    raw = read_one(csv_file(tmp_path, content), CONTRACT)
    assert raw.columns.column_names == HEADERS["list_events"]
    assert raw.columns["legal_reason"][0].as_py() == "詐欺罪"


def test_a_blank_line_in_the_middle_is_a_row_that_fails(tmp_path):
    content = (TEXT + "\n" + ",".join(ROW) + "\n").encode()
    clear = check_one(csv_file(tmp_path, content), CONTRACT, institution="822", known_institutions=())
    assert {f.row_numbers for f in clear.found} == {(2,)}
    assert {f.rule for f in clear.found} == {"required"}


def test_bad_bytes_are_found_across_block_borders(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 7)
    good = TEXT.encode("cp950")
    bad = good + ",".join(ROW).encode("cp950")[:-5] + b"\xff\n"
    with pytest.raises(UndeclaredEncoding) as caught:
        read_one(csv_file(tmp_path, bad, "cp950"), CONTRACT)
    assert caught.value.where.row == 2
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 4096)
    assert read_one(csv_file(tmp_path, good, "cp950"), CONTRACT).columns.num_rows == 1


def test_a_file_that_ends_within_a_character(tmp_path):
    with pytest.raises(UndeclaredEncoding):
        read_one(csv_file(tmp_path, TEXT.encode() + "詐".encode()[:2]), CONTRACT)


def test_plain_ascii_fits_every_declaration(tmp_path):
    text = TEXT.replace("詐欺罪", "fraud").replace("案", "case").encode()
    for encoding in ("utf-8", "cp950"):
        assert read_one(csv_file(tmp_path, text, encoding), CONTRACT).columns.num_rows == 1


def test_typed_parquet_gives_what_text_gives(tmp_path):
    contract = load_specification().datasets["transfers"]
    moment = datetime(2025, 4, 1, 20, 0, 0, 5, tzinfo=UTC)
    table = pa.table(
        {
            "txn_id": ["t1"],
            "clearing_ref": pa.array([None], pa.string()),
            "executed_at": pa.array([moment], pa.timestamp("us", "UTC")),
            "sender_institution": ["808"],
            "sender_account": pa.array([123456789012], pa.int64()),
            "receiver_institution": ["822"],
            "receiver_account": ["000123456"],
            "amount_twd": pa.array([Decimal("12.30")], pa.decimal128(18, 2)),
            "channel": pa.array(["atm"]).dictionary_encode(),
            "preregistered": [True],
            "reversed": [False],
        }
    )
    file = parquet_file(tmp_path, "transfers", table)
    clear = check_one(file, contract, institution="808", known_institutions=["822"])
    assert clear.found == []
    [row] = clear.rows.to_pylist()
    assert row["executed_at"] == moment
    assert (row["amount_cents"], row["preregistered"], row["channel"]) == (1230, True, "atm")
    assert row["sender_account"] == "8080000123456789012"


def test_typed_days_are_gregorian_whatever_is_declared(tmp_path):
    contract = load_specification().datasets["accounts"]
    table = pa.table(
        {
            "account": ["123456"],
            "holder_id_kind": ["national_id"],
            "holder_id": ["A123456789"],
            "opened_on": pa.array([date(2020, 1, 2)], pa.date32()),
            "kind": ["personal"],
            "status": ["active"],
        }
    )
    clear = check_one(parquet_file(tmp_path, "accounts", table), contract, institution="808", known_institutions=())
    assert clear.found == []
    assert clear.rows["opened_on"].to_pylist() == [date(2020, 1, 2)]


def test_a_header_with_blanks_has_its_columns_read_as_text(tmp_path):
    header, row = TEXT.splitlines()
    raw = read_one(csv_file(tmp_path, f"{header.replace(',', ', ')}\n{row}\n".encode()), CONTRACT)
    assert [raw.columns[c][0].as_py() for c in HEADERS["list_events"]] == ROW


def test_days_as_midnights_and_nanoseconds_and_wide_decimals(tmp_path):
    names, row = HEADERS["transfers"], ["t-1", "", None, "808", "123456", "822", "123456", None, "atm", "true", "false"]
    table = pa.table({name: pa.array([value], pa.string()) for name, value in zip(names, row, strict=True)})
    moments = pa.array([1_743_555_600_000_000_123], pa.timestamp("ns", "UTC"))
    table = table.set_column(names.index("executed_at"), "executed_at", moments)
    wide = pa.array([Decimal("100.5000")], pa.decimal128(18, 4))
    table = table.set_column(names.index("amount_twd"), "amount_twd", wide)
    raw = read_one(parquet_file(tmp_path, "transfers", table), load_specification().datasets["transfers"])
    assert raw.columns["executed_at"][0].as_py() == "2025-04-02T01:00:00.000000Z"
    assert raw.columns["amount_twd"][0].as_py() == "100.5"


@pytest.mark.parametrize(("moment", "rules"), [(datetime(2020, 1, 2), set()), (datetime(2020, 1, 2, 3), {"date_form"})])
def test_a_day_that_is_typed_as_a_time(tmp_path, moment, rules):
    row = ["123456", "national_id", "A123456789", None, "personal", "active"]
    table = pa.table({n: pa.array([v], pa.string()) for n, v in zip(HEADERS["accounts"], row, strict=True)})
    table = table.set_column(3, "opened_on", pa.array([moment], pa.timestamp("ns")))
    file = parquet_file(tmp_path, "accounts", table)
    clear = check_one(file, load_specification().datasets["accounts"], institution="822", known_institutions=())
    assert {f.rule for f in clear.found} == rules


def damaged_footer(raw):
    begin = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    return raw[:begin] + b"\xff" * 20 + raw[begin + 20 :]


def damaged_page(raw):
    return raw[:4] + b"\xff" * 40 + raw[44:]


@pytest.mark.parametrize("damage", [damaged_footer, damaged_page, lambda raw: raw[:-4] + b"PARE"])
def test_a_damaged_parquet_file_is_refused(tmp_path, damage):
    table = pa.table({name: pa.array(["1"] * 50, pa.string()) for name in HEADERS["list_events"]})
    file = parquet_file(tmp_path, "list_events", table)
    file.path.write_bytes(damage(file.path.read_bytes()))
    with pytest.raises(MalformedRows) as caught:
        read_one(file, CONTRACT)
    assert caught.value.rule == "parquet_form"


def test_text_that_is_none_in_a_parquet_file_is_refused(tmp_path):
    table = pa.table({name: pa.array(["sentinel"] * 3, pa.string()) for name in HEADERS["list_events"]})
    file = parquet_file(tmp_path, "list_events", table)
    file.path.write_bytes(file.path.read_bytes().replace(b"sentinel", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe"))
    with pytest.raises(MalformedRows) as caught:
        read_one(file, CONTRACT)
    assert caught.value.rule == "parquet_form"
