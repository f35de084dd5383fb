"""A CSV file in either encoding: the first byte chooses which is declared, the rest is the file."""

import tempfile
from pathlib import Path

from tests.factories.clean_room import ACCOUNTS, FORMS, HEADERS, account_rows, list_rows
from tests.fuzz.running import OneInput, main

DATASETS = ("accounts", "list_events")
DECLARED = {0: ("822", "accounts"), 1: ("700", "accounts"), 2: ("822", "list_events"), 3: ("700", "list_events")}


def _file(dataset: str, rows: list[list[str]], encoding: str, *, end: str = "\n") -> bytes:
    text = end.join(",".join(row) for row in [HEADERS[dataset], *rows]) + end
    return text.encode(encoding)


_LISTED = [[*list_rows("822")[0][:6], "詐欺許功蓋", "c", "1", "1", ""]]
_ROC = [[*_LISTED[0][:4], "114/04/06 08:00:00", *_LISTED[0][5:]]]
SEEDS = [
    b"\0" + _file("accounts", account_rows("822"), "utf-8"),
    b"\0" + _file("accounts", account_rows("822"), "utf-8-sig", end="\r\n"),
    b"\1" + _file("accounts", account_rows("700"), "cp950"),
    b"\2" + _file("list_events", _LISTED, "utf-8"),
    b"\3" + _file("list_events", _ROC, "cp950"),
    b"\3" + _file("list_events", _ROC, "utf-8"),
    b"\0" + _file("accounts", [['"822000000001', *account_rows("822")[0][1:]]], "utf-8"),
    b"\0" + _file("accounts", [[*account_rows("822")[0], "long"], ["short"]], "utf-8"),
    b"\0" + _file("accounts", account_rows("822"), "utf-16"),
    b"\0",
]
FOUND: list[bytes] = []
WORDS = [",", '"', '""', "\r\n", "\\", "許", "２", "114/04/06", "2025-04-06T08:00:00+08:00", *ACCOUNTS["822"]]


def target() -> OneInput:
    from cleanroom.contracts.manifest import Source
    from cleanroom.contracts.specification import load_specification
    from cleanroom.sealing.folder import ClearFile
    from cleanroom.vocabulary.terms import Dataset
    from tests.fuzz.tables import whole_file

    folder = Path(tempfile.mkdtemp(prefix="fuzz-csv-"))
    contracts = load_specification().datasets

    def one_input(data: bytes) -> bool:
        code, dataset = DECLARED[(data[0] if data else 0) % len(DECLARED)]
        path = folder / f"{dataset}.csv"
        path.write_bytes(data[1:])
        file = ClearFile(Dataset(dataset), path, Source.model_validate(FORMS[code]))
        return whole_file(file, contracts[file.dataset], institution=code)

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
