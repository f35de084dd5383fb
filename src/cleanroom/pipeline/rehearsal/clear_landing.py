"""Clear folders straight into a warehouse, read, checked and hashed twice by the line's own code.

What the line does besides is left out, as no party is protected from another here: no envelope, no signature, no
portal. The hash keys are fixed and published, so the same folder gives the same tokens; whoever can read the warehouse
may as well read the folder.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from cleanroom.contracts.specification import LATEST, DatasetContract, load_specification
from cleanroom.crypto.epochs import Epoch
from cleanroom.crypto.handles import HandleKeys
from cleanroom.crypto.schemes import FirstHash, SecondHash
from cleanroom.errors import CleanroomError, SettingsInvalid, Where
from cleanroom.intake import rows as incoming
from cleanroom.pipeline.rehearsal.consortium import Institution
from cleanroom.sealing.findings import Finding, Total, refusal_of
from cleanroom.sealing.folder import ClearFile, ClearFolder, read_folder
from cleanroom.sealing.reading import read_batches
from cleanroom.sealing.rows import Rules, check_batch
from cleanroom.sealing.submission import hash_rows
from cleanroom.stores.ports import Incoming, Warehouse
from cleanroom.vocabulary.terms import FileFormat, Scheme

# Any code of the form may stand in a transfer: which institutions exist is for uploads to check.
_EVERY_CODE = tuple(f"{code:03d}" for code in range(1000))
_LANDED_AT = datetime(2000, 1, 1, tzinfo=UTC)


def _published_key(name: str) -> bytes:
    return hashlib.sha256(f"cleanroom/back-test/{name}".encode()).digest()


FIRST_HASH = FirstHash(Scheme.HMAC2, _published_key("K1"))
SECOND_HASH = SecondHash([Epoch(1, _published_key("K2"))])


@dataclass(frozen=True)
class PublishedKeys:
    """What `hash_rows` asks of an institution's key ring."""

    institution: str

    def stage1(self, kind: str, identifiers: Iterable[str]) -> list[bytes]:
        return FIRST_HASH(kind, identifiers)

    def seal_handle(self, account: str) -> bytes:
        return HandleKeys([_published_key("handles")], self.institution).seal(account)


@dataclass(frozen=True)
class ReadFile:
    """One dataset of one institution, hashed twice."""

    institution: str
    dataset: str
    period: tuple[date, date]
    batches: tuple[Incoming, ...]

    @property
    def rows(self) -> int:
        return sum(batch.rows.num_rows for batch in self.batches)


def account_tokens(accounts: Iterable[str]) -> list[str]:
    """Final tokens of canonical accounts (institution code and 16 digits), in order."""
    return SECOND_HASH("account", FIRST_HASH("account", accounts))


def read_institution(institution: Institution) -> Iterator[ReadFile]:
    """Every declared file. Raises what the readers raise, and the refusal that a file's findings amount to; each names
    the institution beside the file."""
    with _named(institution.code):
        folder = read_folder(institution.folder, institution=institution.code)
    contracts = load_specification(LATEST).datasets
    for file in folder.files:
        with _named(institution.code):
            read = _read(folder, file, contracts[file.dataset])
        yield read


@contextmanager
def _named(code: str) -> Iterator[None]:
    """The readers know one institution and name its file alone; here files of the same name stand side by side."""
    try:
        yield
    except CleanroomError as e:
        if e.where.file:
            e.where = replace(e.where, file=f"{code}/{e.where.file}")
        raise


def _read(folder: ClearFolder, file: ClearFile, contract: DatasetContract) -> ReadFile:
    if file.source.format == FileFormat.QUERY:
        raise SettingsInvalid("this command reads files; write the query's rows to one and declare it",
zh="此指令僅讀取檔案；請將查詢結果寫入檔案並申報"
,
                              where=Where(file=file.path.name))  # fmt: skip
    rules = Rules(contract, file.source, folder.institution, _EVERY_CODE)
    keys, total, batches = PublishedKeys(folder.institution), Total(), []
    for raw in read_batches(file, contract):
        clear = check_batch(raw, rules)
        total.add(clear.found)
        if not total.found:
            batches.append(_hashed(clear.rows, contract, keys))
    _refuse(file.path.name, total.found)
    return ReadFile(folder.institution, str(file.dataset), _days(folder), tuple(batches))


def _days(folder: ClearFolder) -> tuple[date, date]:
    return tuple(date.fromisoformat(str(day)) for day in (folder.period.first, folder.period.last))


def _hashed(rows: pa.Table, contract: DatasetContract, keys: PublishedKeys) -> Incoming:
    sealed = hash_rows(rows, contract, keys)
    landed = incoming.second_hash(sealed, contract, SECOND_HASH)
    return Incoming(landed, incoming.handles_of(sealed, landed, contract))


def _refuse(name: str, found: list[Finding]) -> None:
    refusal = refusal_of(name, found, reported=False)  # nobody asked to send anything: nothing is written beside data
    if refusal is not None:
        raise refusal


def land(warehouse: Warehouse, files: Iterable[ReadFile]) -> None:
    """Each file as an accepted submission of its institution."""
    warehouse.ensure_tables()
    for file in files:
        warehouse.land(submission=_ledger_row(file), dataset=file.dataset, batches=file.batches)


def _ledger_row(file: ReadFile) -> dict[str, Any]:
    submission_id = hashlib.sha256(f"{file.institution}/{file.dataset}".encode()).hexdigest()
    return {
        "submission_id": submission_id,
        "participant": file.institution,
        "dataset": file.dataset,
        "sequence": 1,
        "draw": submission_id[:16],
        "specification_version": LATEST,
        "period_from": file.period[0],
        "period_to": file.period[1],
        "rows": file.rows,
        "bytes": 0,
        "landed_at": _LANDED_AT,
        "supersedes": None,
    }
