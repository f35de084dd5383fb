"""What an institution hands in as CSV and is not: other encodings, other formats, tables that are none."""

import gzip
import io
import zipfile

import xlsxwriter

from tests.factories.attacks import Attack, Side, attack
from tests.factories.clean_room import HEADERS
from tests.factories.reports import encoded, only, refusal, refused_with_report

LISTED = [
    "account",
    "700000000001",
    "watch_listed",
    "listed",
    "114/04/05 08:00:00",
    "police",
    "詐欺",
    "c-1",
    "1",
    "1",
    "",
]


# --- encoding -----------------------------------------------------------------------------------------------------


@attack(encoded("UTF-8 declared as CP950", "a UTF-8 file is declared as cp950", "UTF-8 檔案申報為 CP950"))
def test_utf8_declared_as_cp950(case, clean_room):
    only(clean_room, "700", "list_events", LISTED, encoding="utf-8")
    refused_with_report(case, clean_room, "700", "list_events.csv", row=1, column=None)


@attack(encoded("CP950 declared as UTF-8", "a CP950 file is declared as utf-8", "CP950 檔案申報為 UTF-8"))
def test_cp950_declared_as_utf8(case, clean_room):
    good = clean_room.data["822"].rows["list_events"][0]
    only(clean_room, "822", "list_events", good, [*good[:6], "詐欺罪", "案號二", *good[8:]], encoding="cp950")
    refused_with_report(case, clean_room, "822", "list_events.csv", row=2, column=None)


@attack(
    encoded("character that CP950 lacks", "a vendor's extension of Big5 (HKSCS) stands in a cp950 file",
            "CP950 檔案含香港增補字符集之字", "业".encode("big5hkscs")),
    encoded("user-defined character of Big5", "a character of the user-defined range, which means something else at "
            "every bank, stands in a cp950 file", "CP950 檔案含各行自訂之造字", b"\xfa\x40"),
    encoded("half a character of CP950", "a field was cut in the middle of a character", "欄位於字元中間截斷", b"\xb8"),
)  # fmt: skip
def test_characters_that_cp950_lacks(case, clean_room):
    path = only(clean_room, "700", "list_events", LISTED, [*LISTED[:6], "MARK", "c-2", *LISTED[8:]])
    path.write_bytes(path.read_bytes().replace(b"MARK", case.means))
    refused_with_report(case, clean_room, "700", "list_events.csv", row=2, column=None)


@attack(
    *[
        encoded(f"{name} declared as {declared}", f"a {name} file is declared as {declared}",
                f"{name} 檔案申報為 {declared}", (code, name))
        for code, declared in (("822", "utf-8"), ("700", "cp950"))
        for name in ("UTF-16", "UTF-16-LE", "UTF-32")
    ]
)  # fmt: skip
def test_wide_encodings(case, clean_room):
    code, encoding = case.means
    only(clean_room, code, "transfers", encoding=encoding)
    refused_with_report(case, clean_room, code, "transfers.csv", row=None, column=None)


def landed_reasons(room, code):
    """Seal and take in list events; what stands in the landed free text."""
    room.seal(code)
    room.take_in(code)
    with room.opened() as opened:
        table = opened.warehouse.query("select legal_reason from landing.list_events order by row_number")
    return table["legal_reason"].to_pylist()


NAMES = "許功蓋"  # the best known of those whose second byte is a backslash


@attack(
    Attack(
        "trail bytes 0x5C and 0x7C", Side.INSTITUTION,
        "characters whose second byte in CP950 is a backslash or a bar stand beside a quote and a comma",
        "第二位元組為 0x5C 或 0x7C 之字緊鄰引號與逗號",
        outcome="every character lands as it was written", outcome_zh="每一字均原樣入庫",
    )
)  # fmt: skip
def test_trail_bytes(case, clean_room):
    bars = [c for c in map(chr, range(0x4E00, 0x9FFF)) if _trail(c) == 0x7C][:8]
    slashes = [c for c in map(chr, range(0x4E00, 0x9FFF)) if _trail(c) == 0x5C][:8]
    reasons = [*slashes, *bars, "".join(bars + slashes), NAMES]
    assert len(reasons) == 18
    rows = [[*LISTED[:6], f'"{r}"' if n % 2 else r, f"c-{n}", *LISTED[8:]] for n, r in enumerate(reasons)]
    only(clean_room, "700", "list_events", *rows)
    assert landed_reasons(clean_room, "700") == reasons
    case.held()


def _trail(character):
    try:
        return character.encode("cp950")[-1]
    except UnicodeEncodeError:
        return None


@attack(
    Attack(
        "byte order mark", Side.INSTITUTION, "a UTF-8 file begins with a byte order mark", "UTF-8 檔案含位元組順序記號",
        outcome="the mark is no part of the first column's name", outcome_zh="記號不屬於第一欄名稱",
    ),
    Attack(
        "characters that Big5 lacks, in UTF-8", Side.INSTITUTION,
        "names hold characters outside Big5 and outside the basic plane", "文字含 Big5 所無及基本平面以外之字",
        outcome="every character lands as it was written", outcome_zh="每一字均原樣入庫",
    ),
)  # fmt: skip
def test_utf8_as_it_is(case, clean_room):
    good = clean_room.data["822"].rows["list_events"][0]
    only(clean_room, "822", "list_events", [*good[:6], "𠮷㐱堃喆", *good[7:]], encoding="utf-8-sig")
    assert landed_reasons(clean_room, "822") == ["𠮷㐱堃喆"]
    case.held()


# --- tables that are none -------------------------------------------------------------------------------------------


def excel(raw):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, HEADERS["transfers"])
    return sink.getvalue()


def zipped(raw):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("transfers.csv", raw)
    return sink.getvalue()


def zstd(raw):
    import pyarrow as pa

    return pa.Codec("zstd").compress(raw, asbytes=True)


@attack(
    encoded("gzip given as CSV", "a gzip file has a name of a CSV file", "gzip 檔冒充 CSV", gzip.compress),
    encoded("zstd given as CSV", "a zstd file has a name of a CSV file", "zstd 檔冒充 CSV", zstd),
    encoded("zip given as CSV", "a zip archive has a name of a CSV file", "zip 檔冒充 CSV", zipped),
    encoded("xlsx given as CSV", "an Excel workbook has a name of a CSV file", "Excel 活頁簿冒充 CSV", excel),
)
def test_other_formats_given_as_csv(case, clean_room):
    path = only(clean_room, "822", "transfers")
    path.write_bytes(case.means(path.read_bytes()))
    refused_with_report(case, clean_room, "822", "transfers.csv", row=case_row(path), column=None)


def case_row(path):
    """The first row whose bytes are not UTF-8, or hold a zero byte; the header is row 0 and is not told."""
    for number, line in enumerate(path.read_bytes().split(b"\n")):
        try:
            if "\0" in line.decode():
                return number or None
        except UnicodeDecodeError:
            return number or None
    raise AssertionError("the bytes are good text")


@attack(encoded("NUL in a CSV file", "a zero byte stands in a value", "內容含空字元 (NUL)"))
def test_a_nul(case, clean_room):
    path = only(clean_room, "822", "transfers")
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b"online", b"on\0line")
    path.write_bytes(b"\n".join(lines))
    refused_with_report(case, clean_room, "822", "transfers.csv", row=3, column=None)


@attack(
    refusal("empty CSV file", "the file has no bytes", "空檔", "csv_form", lambda raw: b""),
    refusal("header only of blanks", "the first line is empty", "首列空白", "missing_column", lambda raw: b"\n" + raw),
    refusal("header that is a row of data", "the file has no header", "缺欄名列，首列即為資料", "missing_column",
            lambda raw: raw.split(b"\n", 1)[1]),
    refusal("semicolons for commas", "the values are separated by semicolons", "以分號分隔", "missing_column",
            lambda raw: raw.replace(b",", b";")),
    refusal("unknown column", "a column that nobody agreed on holds names", "含未約定之欄位", "unknown_column",
            lambda raw: raw.replace(b"reversed\n", b"reversed,customer_name\n", 1)),
    refusal("repeated column", "one column stands twice", "同一欄位出現兩次", "repeated_column",
            lambda raw: raw.replace(b"reversed\n", b"reversed,channel\n", 1)),
    refusal("header of 100,000 columns", "the header names 100,000 columns", "欄名列有十萬欄", "unknown_column",
            lambda raw: raw.replace(b"reversed\n", b"reversed," + b",".join([b"x"] * 100_000) + b"\n", 1)),
)  # fmt: skip
def test_headers(case, clean_room):
    path = only(clean_room, "822", "transfers")
    path.write_bytes(case.means(path.read_bytes()))
    column = {"missing_column": "txn_id", "repeated_column": "channel"}.get(case.attack.rule)
    line = refused_with_report(case, clean_room, "822", "transfers.csv", row=None, column=column)
    assert line["values"] == []


@attack(
    refusal("unclosed quote", "a quote is opened and never closed", "引號未閉合", "column_count",
            lambda rows: rows[1].__setitem__(0, '"822-000002')),
    refusal("row of 100,000 columns", "one row has 100,000 values", "某列有十萬個值", "column_count",
            lambda rows: rows[1].extend(["x"] * 100_000)),
    refusal("row with too few columns", "one row ends early", "某列值數不足", "column_count",
            lambda rows: rows[1].__delitem__(slice(3, None))),
)  # fmt: skip
def test_rows_that_are_ragged(case, clean_room):
    data = clean_room.data["822"]
    case.means(data.rows["transfers"])
    only(clean_room, "822", "transfers", *data.rows["transfers"])
    line = refused_with_report(case, clean_room, "822", "transfers.csv", row=2, column=None)
    assert line["failed_rows"] == 1


@attack(
    refusal("field of 200 kB", "a booking has a number of 200,000 digits", "欄位長達 200 KB", "text_form", "txn_id"),
    refusal("account of 200 kB", "an account has 200,000 digits", "帳號長達 200 KB", "identifier_text",
            "sender_account"),
)  # fmt: skip
def test_a_field_of_200_kilobytes(case, clean_room):
    data = clean_room.data["822"]
    rows = data.rows["transfers"]
    rows[1][HEADERS["transfers"].index(case.means)] = "9" * 200_000
    only(clean_room, "822", "transfers", *rows)
    line = refused_with_report(case, clean_room, "822", "transfers.csv", row=2, column=case.means)
    assert [len(v) for v in line["values"]] == [201], "a value that is told is cut"
    assert (data.folder / "transfers.csv.errors.json").stat().st_size < 10_000


@attack(
    refusal(
        "quotes and line breaks inside values", "a value holds a line break, inside quotes", "引號內含換行", "text_form"
    )
)
def test_a_line_break_inside_quotes(case, clean_room):
    data = clean_room.data["822"]
    rows = data.rows["transfers"]
    rows[1][0] = '"822\n000002"'
    only(clean_room, "822", "transfers", *rows)
    refused_with_report(case, clean_room, "822", "transfers.csv", row=2, column="txn_id")
