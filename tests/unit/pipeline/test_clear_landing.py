"""Clear folders through the line's readers and hashes: the form of a file must not show in what lands."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import MalformedRows, NothingToDo, SettingsInvalid, UndeclaredEncoding
from cleanroom.pipeline.rehearsal.clear_landing import account_tokens, read_institution
from cleanroom.pipeline.rehearsal.consortium import find_consortium
from cleanroom.synthetic.identities import national_id

HEAD = "account,holder_id_kind,holder_id,opened_on,kind,status"
FORM = {"encoding": None, "calendar": "gregorian", "timezone": "Asia/Taipei"}


def folder(tmp_path, name, *, opened="2020-01-02", holder=None, **form):
    own = tmp_path / name / "808"
    own.mkdir(parents=True)
    form = {**FORM, **form}
    about = {"institution": "808", "sector": "bank", "specification_version": 1,
             "period": {"from": "2025-04-01", "to": "2025-07-08"}, "files": {"accounts": form}}  # fmt: skip
    (own / "institution.json").write_text(json.dumps(about))
    cells = ["000123456789", "national_id", holder or national_id(7, 1), opened, "personal", "active"]
    if form["format"] == "csv":
        text = f"{HEAD}\n{','.join(cells)}\n"
        (own / "accounts.csv").write_bytes(text.encode(form["encoding"]))
    else:
        table = pa.table({n: [c] for n, c in zip(HEAD.split(","), cells, strict=True)})
        pq.write_table(table, own / "accounts.parquet")
    return tmp_path / name


def landed(data):
    (institution,) = find_consortium(data).institutions
    (file,) = read_institution(institution)
    (batch,) = file.batches
    return batch.rows.to_pylist()


def test_every_form_of_a_file_lands_the_same_rows(tmp_path):
    rows = [
        landed(folder(tmp_path, "utf", format="csv", encoding="utf-8")),
        landed(folder(tmp_path, "roc", format="csv", encoding="cp950", calendar="roc", opened="109/01/02")),
        landed(folder(tmp_path, "parquet", format="parquet")),
    ]

    assert rows[0] == rows[1] == rows[2]
    clear = canonical("account", "000123456789", institution="808")
    assert [r["account_token"] for r in rows[0]] == account_tokens([clear])
    assert clear not in str(rows)


def test_a_broken_row_is_refused_with_its_place(tmp_path):
    data = folder(tmp_path, "bad", format="csv", encoding="utf-8", holder="A123456780")

    with pytest.raises(MalformedRows) as refused:
        landed(data)

    assert (refused.value.where.file, refused.value.where.row) == ("808/accounts.csv", 1)
    assert "A123456780" not in str(refused.value)
    assert "1 row breaks the rule national_id_checksum; row 1 " in str(refused.value)
    assert "1 列不符規則：身分證字號或居留證號檢查碼不符" in refused.value.in_chinese
    assert "列號 1" in refused.value.in_chinese


def test_a_declared_file_that_is_not_there_is_told_with_its_institution(tmp_path):
    data = folder(tmp_path, "gone", format="parquet")
    (data / "808" / "accounts.parquet").unlink()

    with pytest.raises(NothingToDo, match=r"accounts\.parquet: institution 808 declares it") as refused:
        landed(data)

    assert "機構 808 已申報此檔" in refused.value.in_chinese


def test_a_query_is_refused(tmp_path):
    data = folder(tmp_path, "query", format="parquet")
    about = data / "808" / "institution.json"
    about.write_text(about.read_text().replace("parquet", "query"))
    (data / "808" / "accounts.parquet").rename(data / "808" / "accounts.sql")

    with pytest.raises(SettingsInvalid, match="reads files"):
        landed(data)


def test_other_bytes_than_declared_are_refused_with_the_institution(tmp_path):
    data = folder(tmp_path, "bytes", format="csv", encoding="utf-8")
    with (data / "808" / "accounts.csv").open("ab") as file:
        file.write(b"\xa4\xa4,,,,,\n")

    with pytest.raises(UndeclaredEncoding, match=r"^808/accounts\.csv, row 2: "):
        landed(data)


def test_every_broken_rule_is_named_with_its_first_row(tmp_path):
    data = folder(tmp_path, "two", format="csv", encoding="utf-8")
    rows = ["short", "000123456780,national_id,A123456780,2020-01-02,personal,active", "short"]
    with (data / "808" / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")

    with pytest.raises(MalformedRows) as refused:
        landed(data)
    said, said_zh = str(refused.value), refused.value.in_chinese
    assert said.startswith("808/accounts.csv, row 2: 2 rows break the rule column_count; rows 2, 4; also broken: ")
    assert "national_id_checksum (holder_id, row 3)" in said
    assert "列號 2、4；另不符：" in said_zh and "（holder_id，第 3 列）" in said_zh
    assert "A123456780" not in said + said_zh
