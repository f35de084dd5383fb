"""Identifiers of a made-up consortium in every form in which they could get out: raw, canonical, hashed once."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from cleanroom.crypto.identifiers import canonical
from cleanroom.pipeline import keys
from cleanroom.settings import ParticipantSettings

PER_INSTITUTION = 12
SHORTEST = 10  # shorter digits also stand in numbers by chance


def secrets_of(home: Path) -> dict[str, bytes]:
    """Label -> bytes: accounts and holders of every institution that keeps accounts, spread over its file."""
    found: dict[str, bytes] = {}
    declared = {path.parent for path in (home / "data").glob("*/institution.json")}
    for folder in sorted(folder for folder in declared if list(folder.glob("accounts.*"))):
        ring = keys.open_participant_keys(_settings(home, folder.name))
        for number, row in enumerate(_accounts(folder)):
            found |= _forms(f"{folder.name} account {number}", ring, "account", row["account"], folder.name)
            found |= _forms(f"{folder.name} holder {number}", ring, row["holder_id_kind"], row["holder_id"], None)
    return {label: raw for label, raw in found.items() if len(raw) >= SHORTEST}


def _settings(home: Path, code: str) -> ParticipantSettings:
    return ParticipantSettings(institution=code, home=home / "institutions" / code, data_dir=home / "data" / code)


def _forms(label: str, ring, kind: str, raw: str, institution: str | None) -> dict[str, bytes]:
    one = canonical(kind, raw, institution=institution)
    return {
        f"{label}, raw": raw.encode(),
        f"{label}, canonical": one.encode(),
        f"{label}, first hash": ring.stage1(kind, [one])[0],
    }


def _accounts(folder: Path) -> list[dict[str, str]]:
    table = _read(next(folder.glob("accounts.*")), json.loads((folder / "institution.json").read_text()))
    step = max(1, table.num_rows // PER_INSTITUTION)
    return table.take(list(range(0, table.num_rows, step))).to_pylist()


def _read(path: Path, declared: dict) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    encoding = declared["files"]["accounts"]["encoding"]
    names = ("account", "holder_id_kind", "holder_id")
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return csv.read_csv(path, read_options=csv.ReadOptions(encoding=encoding), convert_options=as_text)
