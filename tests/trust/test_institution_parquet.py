"""Parquet files that are damaged, encrypted, of other types, or much larger inside than outside."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from tests.factories.attacks import attack
from tests.factories.encrypted_parquet import encrypted_parquet
from tests.factories.reports import refusal, refused_with_report

FILE = "transfers.parquet"


def alone(room):
    """808 sends its transfers and nothing else."""
    data = room.data["808"]
    for name in set(data.rows) - {"transfers"}:
        (data.folder / f"{name}.parquet").unlink()
    data.rows = {"transfers": data.rows["transfers"]}
    data.write()
    return data.folder / FILE


def replaced(column, values):
    """The file with other values in one column."""

    def change(path):
        rows = pq.read_table(path)
        made = pa.array(values[: rows.num_rows]) if isinstance(values, list) else values.slice(0, rows.num_rows)
        pq.write_table(rows.set_column(rows.schema.get_field_index(column), column, made), path)

    return change


def no_text():
    """Three texts of two bytes that are no UTF-8, as a writer that does not look makes them."""
    offsets = pa.py_buffer(b"".join(n.to_bytes(4, "little") for n in (0, 2, 4, 6)))
    return pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"\xff\xfe" * 3)])


def bytes_of(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def damaged_footer(raw):
    begin = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    return raw[:begin] + b"\xff" * 20 + raw[begin + 20 :]


def encrypted(*, plain_footer):
    return lambda path: path.write_bytes(encrypted_parquet(pq.read_table(path), plain_footer=plain_footer))


def form(name, done, done_zh, change):
    return refusal(name, done, done_zh, "parquet_form", change)


@attack(
    form("empty Parquet file", "the file has no bytes", "空檔", bytes_of(lambda raw: b"")),
    form("truncated Parquet file", "the file ends early", "檔案截斷", bytes_of(lambda raw: raw[:-100])),
    form("Parquet file with a damaged footer", "the footer's bytes are overwritten", "檔尾中繼資料毀損",
         bytes_of(damaged_footer)),
    form("Parquet file with a damaged page", "the first page's bytes are overwritten", "資料頁毀損",
         bytes_of(lambda raw: raw[:4] + b"\xff" * 40 + raw[44:])),
    form("Parquet file with a footer length that leads out of it", "the footer claims 4 GB", "檔尾長度超出檔案",
         bytes_of(lambda raw: raw[:-8] + b"\xff\xff\xff\xff" + raw[-4:])),
    form("CSV given as Parquet", "a CSV file has the name of a Parquet file", "CSV 冒充 Parquet",
         bytes_of(lambda raw: b"txn_id,clearing_ref\n1,2\n")),
    form("encrypted Parquet file", "the file and its footer are encrypted", "Parquet 檔及其檔尾已加密",
         encrypted(plain_footer=False)),
    form("encrypted Parquet columns", "the columns are encrypted, the footer is not", "Parquet 欄位已加密而檔尾未加密",
         encrypted(plain_footer=True)),
    form("Parquet text that is not UTF-8", "a text column holds bytes that are none", "文字欄位含非 UTF-8 位元組",
         replaced("txn_id", no_text())),
)  # fmt: skip
def test_parquet_files_that_cannot_be_read(case, clean_room):
    case.means(alone(clean_room))
    refused_with_report(case, clean_room, "808", FILE, row=None, column=None)


def typed(name, done_zh, column, values, rule="parquet_type"):
    return refusal(name, f"the column {column} is of another type", done_zh, rule, (column, values))


@attack(
    typed("amounts in floating point", "金額為浮點數", "amount_twd", [0.1, 0.2, 0.3], "no_floating_point"),
    typed("amounts in half precision", "金額為半精度浮點數", "amount_twd", pa.array([1, 2, 3]).cast("float16"),
          "no_floating_point"),
    typed("lists for values", "欄位為清單型別", "txn_id", [["a"], ["b"], ["c"]]),
    typed("structures for values", "欄位為結構型別", "txn_id", [{"a": 1}, {"a": 2}, {"a": 3}]),
    typed("maps for values", "欄位為對應表型別", "txn_id", pa.array([[("k", "v")]] * 3, pa.map_("string", "string"))),
    typed("bytes that are no text for values", "欄位為非文字位元組", "txn_id", pa.array([b"\xff"] * 3, pa.binary())),
    typed("durations for values", "欄位為時間長度型別", "channel", [timedelta(seconds=n) for n in range(3)], "one_of"),
    typed("numbers for words", "欄位為數值型別", "channel", [1, 2, 3], "one_of"),
    typed("a column without values", "欄位為空型別", "amount_twd", pa.nulls(3), "required"),
)  # fmt: skip
def test_columns_of_other_types(case, clean_room):
    column, values = case.means
    replaced(column, values)(alone(clean_room))
    row = 1 if case.attack.rule in ("one_of", "required") else None
    refused_with_report(case, clean_room, "808", FILE, row=row, column=column)


def renamed(old, new):
    def change(path):
        rows = pq.read_table(path)
        pq.write_table(rows.rename_columns([new if n == old else n for n in rows.column_names]), path)

    return change


def with_column(name, count=1):
    def change(path):
        rows = pq.read_table(path)
        for number in range(count):
            rows = rows.append_column(f"{name}{number or ''}", pa.array(["x"] * rows.num_rows))
        pq.write_table(rows, path)

    return change


@attack(
    refusal("renamed Parquet column", "a column has another name", "欄名不符", "missing_column",
            renamed("channel", "kanal")),
    refusal("Parquet column that nobody agreed on", "a column holds names", "含未約定之欄位", "unknown_column",
            with_column("customer_name")),
    refusal("repeated Parquet column", "one column is there twice", "同一欄位出現兩次", "repeated_column",
            with_column("channel")),
    refusal("Parquet file of 5,000 columns", "the file has 5,000 columns", "檔案有五千欄", "unknown_column",
            with_column("c", 5_000)),
)  # fmt: skip
def test_parquet_columns(case, clean_room):
    case.means(alone(clean_room))
    column = None if case.attack.rule == "unknown_column" else "channel"
    refused_with_report(case, clean_room, "808", FILE, row=None, column=column)
