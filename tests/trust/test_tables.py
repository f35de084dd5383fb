"""What lies inside a sealed part: exactly the agreed columns, rows as signed, hashes and no clear text."""

import pyarrow as pa

from cleanroom import errors
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room
from tests.factories.tampering import parquet, with_column

REFUSED = "submission.refused"


def inside(name, done, done_zh, means, *, rule, refused=errors.ContentTampered):
    return Attack(name, Side.INTAKE, done, done_zh, refused=refused, rule=rule, verb=REFUSED, means=means)


def with_gap(rows):
    position = rows.schema.get_field_index("channel")
    return rows.set_column(position, pa.field("channel", pa.string()), pa.array(["online", None, "atm"]))


def in_clear(rows):
    position = rows.schema.get_field_index("sender_account_t1")
    return rows.set_column(position, pa.field("sender_account_t1", pa.string(), nullable=False), rows["txn_id"])


def short_hashes(rows):
    position = rows.schema.get_field_index("sender_account_t1")
    short = pa.array([b"x" * 16] * rows.num_rows, pa.binary(16))
    return rows.set_column(position, pa.field("sender_account_t1", pa.binary(16), nullable=False), short)


def amounts_as_fractions(rows):
    position = rows.schema.get_field_index("amount_cents")
    return rows.set_column(
        position, pa.field("amount_cents", pa.float64(), nullable=False), rows["amount_cents"].cast(pa.float64())
    )


def damaged(rows):
    """A page whose bytes are none: the footer is whole, so that only reading the rows shows it."""
    raw = bytearray(parquet(rows))
    raw[4:60] = bytes(56)
    return bytes(raw)


@attack(
    inside(
        "part that is no table",
        "text is sealed where a table should be",
        "分段內容並非資料表",
        lambda rows: b"PAR1 this is not a table PAR1",
        rule="parquet",
    ),
    inside("part with nothing inside", "an empty content is sealed", "分段內容為空", lambda rows: b"", rule="parquet"),
    inside("damaged page", "the bytes of a page are overwritten before sealing", "資料頁毀損", damaged, rule="parquet"),
    inside(
        "footer that points beyond the file",
        "the length of the footer is larger than the file",
        "頁尾長度超過檔案",
        lambda rows: parquet(rows)[:-8] + b"\xff\xff\xff\x7fPAR1",
        rule="parquet",
    ),
    inside(
        "column that nobody agreed on",
        "a column more, such as a customer's name",
        "多出未約定之欄位（如姓名）",
        lambda rows: rows.append_column("note", rows["txn_id"]),
        rule="schema",
    ),
    inside("missing column", "a column less", "缺少欄位", lambda rows: rows.drop_columns(["channel"]), rule="schema"),
    inside(
        "columns in another order",
        "two columns change places",
        "欄位順序不同",
        lambda rows: rows.select(rows.column_names[::-1]),
        rule="schema",
    ),
    inside(
        "clear text instead of a hash", "an account number is sent in clear", "以明碼取代 Hash", in_clear, rule="schema"
    ),
    inside("hash of another length", "hashes of 16 bytes", "Hash 長度不符", short_hashes, rule="schema"),
    inside("amounts as fractions", "amounts are floating point", "金額為浮點數", amounts_as_fractions, rule="schema"),
    inside("empty value in a required column", "a required value is missing", "必填欄位空白", with_gap, rule="schema"),
    inside(
        "repeated row numbers",
        "one row of the clear file stands for two",
        "列號重複",
        lambda rows: with_column(rows, "row_number", [1, 1, 2]),
        rule="row_number",
    ),
    inside(
        "row numbers that fall",
        "rows change places",
        "列號遞減",
        lambda rows: with_column(rows, "row_number", [3, 2, 1]),
        rule="row_number",
    ),
    inside(
        "row number zero",
        "numbers begin with 1",
        "列號為零",
        lambda rows: with_column(rows, "row_number", [0, 1, 2]),
        rule="row_number",
    ),
)
def test_a_content_that_is_not_the_agreed_table(case, waiting):
    waiting.replace_rows(case.means)
    refused_in_the_room(case, waiting)


@attack(
    inside(
        "fewer rows inside than signed",
        "the table has fewer rows than the manifest says",
        "實際列數少於簽署列數",
        lambda rows: rows.slice(1),
        rule="rows",
    ),
    inside(
        "more rows inside than signed",
        "the table has more rows than the manifest says",
        "實際列數多於簽署列數",
        lambda rows: with_column(pa.concat_tables([rows, rows]).combine_chunks(), "row_number", [1, 2, 3, 4, 5, 6]),
        rule="rows",
    ),
)
def test_another_number_of_rows_than_signed(case, waiting):
    waiting.replace_rows(case.means)
    part = waiting.signed.manifest.parts[0].model_copy(update={"rows": 3})
    waiting.sign_again(parts=(part,), rows=3)
    refused_in_the_room(case, waiting, where="part-00000")


@attack(
    inside(
        "plaintext of another size than signed",
        "the opened bytes are fewer than the manifest says",
        "開啟後位元組數與簽署不符",
        {"plaintext_bytes": 10**6},
        rule="plaintext",
    ),
    inside(
        "more plaintext than signed",
        "the envelope opens to more bytes than the manifest says",
        "開啟後位元組數超過簽署值",
        {"plaintext_bytes": 100},
        rule="plaintext_size",
    ),
    inside(
        "plaintext with another digest than signed",
        "the opened bytes are not those of the digest in the manifest",
        "開啟後摘要與簽署不符",
        {"plaintext_sha256": "0" * 64},
        rule="plaintext",
    ),
)
def test_another_plaintext_than_signed(case, waiting):
    part = waiting.signed.manifest.parts[0].model_copy(update=case.means)
    waiting.sign_again(parts=(part,))
    refused_in_the_room(case, waiting, where="part-00000")
