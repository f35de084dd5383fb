"""Files that are small outside and huge inside, or have one row without end: read in a process of its own, whose
memory is measured."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.factories.attacks import Attack, Side, attack
from tests.factories.clean_room import FORMS, HEADERS, transfer_rows

MEMORY_MIB = 700  # of the reading process, libraries included; the files unpack to ten times as much and more
LONG = "x" * 100_000

READ = """
import json, re, sys
from pathlib import Path
from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import Refusal
from cleanroom.sealing.findings import Total
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.reading import read_batches
from cleanroom.sealing.rows import Rules, check_batch
path, form, institution = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
contract = load_specification().datasets[path.stem]
file = ClearFile(path.stem, path, Source.model_validate(form))
rules, total, rows = Rules(contract, file.source, institution, ("700", "808", "822")), Total(), 0
try:
    for raw in read_batches(file, contract):
        rows += raw.columns.num_rows
        total.add(check_batch(raw, rules).found)
    told = {f.rule: f.failed_rows for f in total.found}
except Refusal as e:
    told = {e.rule: 0}
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())  # rusage would count the parent as well
print(json.dumps([told, rows, int(peak[1]) // 1024]))
"""


def read_elsewhere(path: Path, code: str) -> tuple[dict, int, int]:
    """Rules broken and their rows; rows read; peak memory in MiB."""
    command = [sys.executable, "-c", READ, str(path), json.dumps(FORMS[code]), code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return tuple(json.loads(done.stdout))


def repeated(values: dict[str, str], rows: int) -> pa.Table:
    """Transfers of 808; every column is a dictionary of one value."""
    good = dict(zip(HEADERS["transfers"], transfer_rows("808")[0], strict=True)) | values
    zeros = pa.array([0] * rows, pa.int32())
    return pa.table({name: pa.DictionaryArray.from_arrays(zeros, pa.array([value])) for name, value in good.items()})


def dictionary_bomb(path, **options):
    """5 GB of one value, 100 kB long, in a few kilobytes."""
    pq.write_table(repeated({"txn_id": LONG}, 50_000), path, store_schema=False, **options)


def dictionary_bomb_that_says_so(path):
    """The same, with the Arrow schema: read as a dictionary."""
    pq.write_table(repeated({"txn_id": LONG}, 50_000), path)


def prefix_bomb(path):
    """2,000 values of 100 kB, each written as its last letter."""
    rows = repeated({}, 2_000)
    rows = rows.set_column(0, "txn_id", pa.array([LONG + str(n % 10) for n in range(2_000)]))
    encoding = {"txn_id": "DELTA_BYTE_ARRAY"}
    pq.write_table(rows, path, use_dictionary=[], column_encoding=encoding, store_schema=False, compression="zstd")


def page_bomb(path):
    """128 MiB of zeros in one value, a few kilobytes with zstd."""
    rows = repeated({}, 3)
    rows = rows.set_column(0, "txn_id", pa.array(["0" * 2**27, "808-1", "808-2"]))
    pq.write_table(rows, path, compression="zstd", use_dictionary=False, store_schema=False)


def bomb(name, done, done_zh, make, rows):
    return Attack(
        f"{name} at the institution", Side.INSTITUTION, done, done_zh, means=(make, rows),
        outcome="every bad row is reported, in bounded memory", outcome_zh="全部錯誤列均列出，記憶體用量有上限",
    )  # fmt: skip


@pytest.mark.slow
@attack(
    bomb("Parquet dictionary bomb", "a few kilobytes stand for 5 GB", "數 KB 展開為 5 GB", dictionary_bomb, 50_000),
    bomb("Parquet dictionary bomb with its schema", "the same, declared as a dictionary", "同上，並申報為字典型別",
         dictionary_bomb_that_says_so, 50_000),
    bomb("Parquet prefix bomb", "each value repeats the beginning of the one before", "各值重複前值之開頭",
         prefix_bomb, 2_000),
    bomb("Parquet page bomb", "one compressed page holds 128 MiB of one letter", "單一壓縮頁展開為 128 MiB",
         page_bomb, 1),
)  # fmt: skip
def test_parquet_bombs(case, tmp_path):
    make, bad = case.means
    path = tmp_path / "transfers.parquet"
    make(path)
    assert path.stat().st_size < 200_000
    told, rows, memory = read_elsewhere(path, "808")
    assert told["text_form"] == bad
    assert rows >= bad
    assert memory < MEMORY_MIB
    case.held()


def endless_line(path):
    with path.open("wb") as file:
        for _ in range(200):
            file.write(b"x" * 2**20)


def endless_header(path):
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"column," * 150_000)


def endless_quote(path):
    with path.open("wb") as file:
        file.write((",".join(HEADERS["transfers"]) + '\n"').encode())
        for _ in range(100):
            file.write(b"x," * 500_000)


@pytest.mark.slow
@attack(
    *[
        Attack(
            name, Side.INSTITUTION, done, done_zh, means=make,
            outcome="refused as no table (csv_form), in bounded memory",
            outcome_zh="以 csv_form 拒絕，記憶體用量有上限",
        )
        for name, done, done_zh, make in (
            ("line of 200 MB", "a CSV file is one line without end", "CSV 檔案為單一超長列", endless_line),
            ("header of 100 MB", "a CSV file's header never ends", "CSV 檔案欄名列無止盡", endless_header),
            ("quoted value of 100 MB", "a quote is opened and 100 MB follow", "引號後接 100 MB 內容", endless_quote),
        )
    ]
)  # fmt: skip
def test_rows_without_end(case, tmp_path):
    path = tmp_path / "transfers.csv"
    case.means(path)
    told, rows, memory = read_elsewhere(path, "822")
    assert (told, rows) == ({"csv_form": 0}, 0)
    assert memory < MEMORY_MIB
    case.held()


def test_files_that_name_their_values_by_differences_are_read(tmp_path):
    path = tmp_path / "transfers.parquet"
    good = transfer_rows("808")
    columns = {n: pa.array(v, pa.string()) for n, v in zip(HEADERS["transfers"], zip(*good, strict=True), strict=True)}
    encoding = dict.fromkeys(columns, "DELTA_BYTE_ARRAY")
    pq.write_table(pa.table(columns), path, use_dictionary=False, column_encoding=encoding)
    told, rows, _ = read_elsewhere(path, "808")
    assert (told, rows) == ({}, len(good))
