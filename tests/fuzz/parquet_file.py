"""A Parquet file of accounts."""

import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.factories.clean_room import FORMS, HEADERS, account_rows
from tests.fuzz.running import OneInput, main


def _file(columns: dict[str, pa.Array], **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


_ROWS = account_rows("808")
_TEXT = {
    name: pa.array(values, pa.string())
    for name, values in zip(HEADERS["accounts"], zip(*_ROWS, strict=True), strict=True)
}
SEEDS = [
    _file(_TEXT, compression="none"),
    _file(_TEXT, compression="zstd"),
    _file(_TEXT, compression="none", use_dictionary=False, data_page_version="2.0"),
    _file({**_TEXT, "opened_on": _TEXT["opened_on"].cast(pa.date32())}, compression="none"),
    _file({**_TEXT, "account": _TEXT["account"].cast(pa.int64())}, compression="none"),
    _file({**_TEXT, "status": pa.array([["active"]] * len(_ROWS))}, compression="none"),
    _file({**_TEXT, "status": pa.array([0.5] * len(_ROWS))}, compression="none"),
    b"PAR1PAR1",
    b"",
]  # fmt: skip
FOUND: list[bytes] = []


def target() -> OneInput:
    from cleanroom.contracts.manifest import Source
    from cleanroom.contracts.specification import load_specification
    from cleanroom.sealing.folder import ClearFile
    from cleanroom.vocabulary.terms import Dataset
    from tests.fuzz.tables import whole_file

    path = Path(tempfile.mkdtemp(prefix="fuzz-parquet-")) / "accounts.parquet"
    file = ClearFile(Dataset.ACCOUNTS, path, Source.model_validate(FORMS["808"]))
    contract = load_specification().datasets[Dataset.ACCOUNTS]

    def one_input(data: bytes) -> bool:
        path.write_bytes(data)
        return whole_file(file, contract, institution="808")

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND)
