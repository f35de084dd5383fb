"""The folder of clear files and its declaration, `institution.json`."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError

from cleanroom.contracts.canonical import no_constants, no_duplicates
from cleanroom.contracts.manifest import Count, Frozen, InstitutionCode, Period, Source
from cleanroom.errors import ManifestMalformed, NothingToDo, NotTheOwner, UndeclaredEncoding, Where
from cleanroom.sealing.ordinary import check_ordinary, open_ordinary
from cleanroom.vocabulary.terms import Dataset, FileFormat, Sector

DECLARATION = "institution.json"
_ENDINGS = ("csv", "parquet", "sql")
_NAMES = {f"{dataset}.{ending}" for dataset in Dataset for ending in _ENDINGS}
_DECLARATION_CAP_BYTES = 1024 * 1024


class _DeclaredPeriod(Frozen):
    first: str = Field(alias="from")
    last: str = Field(alias="to")


class _DeclaredSource(Source):
    query_file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = (
        None  # a name in the folder
    )


class _Declaration(Frozen):
    institution: InstitutionCode
    sector: Sector
    specification_version: Count
    period: _DeclaredPeriod
    files: dict[Dataset, _DeclaredSource] = Field(min_length=1)


@dataclass(frozen=True)
class ClearFile:
    """`path`: the file that holds the rows, or the query that gives them."""

    dataset: Dataset
    path: Path
    source: Source


@dataclass(frozen=True)
class ClearFolder:
    institution: str
    sector: Sector
    specification_version: int
    period: Period
    files: tuple[ClearFile, ...]


def holds_data(folder: Path) -> bool:
    """Whether a file of it has a dataset's name, or the declaration's but for capitals."""
    return any(path.name.casefold() in _NAMES | {DECLARATION} for path in folder.iterdir())


def read_folder(folder: Path, *, institution: str) -> ClearFolder:
    """Read the declaration and find the files that it names: `<dataset>.parquet`, `<dataset>.csv`, or a query's own.

    Raises NothingToDo (no declaration, a declared file is missing, a dataset's file is not declared),
    ManifestMalformed (not in the declared form), UndeclaredEncoding (a CSV without one), NotTheOwner (another
    institution's folder), MalformedRows (a file that is a link, a pipe or a device).
    """
    declared = _declaration(folder / DECLARATION)
    if declared.institution != institution:
        raise NotTheOwner(
            f"the folder declares institution {declared.institution}, and {institution} is uploading",
            zh=f"資料夾申報機構為 {declared.institution}，上傳者為 {institution}",
            where=Where(file=DECLARATION, column="institution"),
            rule="folder_institution",
        )
    files = tuple(_clear_file(folder, name, declared) for name in Dataset if name in declared.files)
    _check_all_declared(folder, {file.path.name for file in files})
    return ClearFolder(
        institution=institution,
        sector=declared.sector,
        specification_version=declared.specification_version,
        period=_period(declared.period),
        files=files,
    )


def _check_all_declared(folder: Path, declared: set[str]) -> None:
    """A file that was forgotten in the declaration would stay at home, and nobody would notice."""
    forgotten = sorted(p.name for p in folder.iterdir() if p.name.casefold() in _NAMES and p.name not in declared)
    if forgotten:
        raise NothingToDo(
            f"{forgotten[0]} lies in the folder, and {DECLARATION} does not declare it; declare it or take it away",
            zh=f"資料夾內有 {forgotten[0]}，而 {DECLARATION} 未申報；請申報或移除",
            where=Where(file=forgotten[0]),
            rule="undeclared_file",
        )


def _declaration(path: Path) -> _Declaration:
    where = Where(file=path.name)
    if not os.path.lexists(path):
        raise NothingToDo(
            f"the folder {path.parent.name} holds no {DECLARATION}",
            zh=f"資料夾 {path.parent.name} 內無 {DECLARATION}",
            where=where,
            rule="file_missing",
        )
    with open_ordinary(path) as file:
        raw = file.read(_DECLARATION_CAP_BYTES + 1)
    if len(raw) > _DECLARATION_CAP_BYTES:
        raise ManifestMalformed(
            "the declaration is larger than 1 MiB", zh="申報檔超過 1 MiB", where=where, rule="declaration"
        )
    try:
        return _Declaration.model_validate(_parse(raw), strict=False)
    except ValidationError as e:
        first = e.errors()[0]
        where = Where(file=path.name, column=_place(first["loc"]))
        raise ManifestMalformed(first["msg"], zh=_in_chinese(first), where=where, rule="declaration") from None
    except (ValueError, RecursionError):
        raise ManifestMalformed(
            "the declaration is not JSON in UTF-8 with each key once",
            zh="申報檔非 UTF-8 之 JSON，或有重複之鍵",
            where=where,
            rule="declaration",
        ) from None


_CHINESE = {"missing": "缺漏", "extra_forbidden": "不屬於此處"}


def _in_chinese(error: Mapping[str, Any]) -> str:
    """What pydantic found, without what stands there."""
    if may := error.get("ctx", {}).get("expected"):
        return f"須為 {may.replace(' or ', '、').replace(', ', '、')}"
    return _CHINESE.get(error["type"], "不符約定格式")


def _parse(raw: bytes) -> object:
    return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=no_duplicates, parse_constant=no_constants)


def _place(loc: tuple[int | str, ...]) -> str:
    """Keys that the form does not know are not repeated: anything may stand there."""
    known = {*_Declaration.model_fields, *_DeclaredSource.model_fields, *Dataset, "from", "to"}
    return ".".join(str(p) if p in known else "?" for p in loc)


def _period(declared: _DeclaredPeriod) -> Period:
    where = Where(file=DECLARATION, column="period")
    if declared.last < declared.first:
        raise ManifestMalformed("the period ends before it begins", zh="期間之迄日早於起日", where=where, rule="period")
    try:
        return Period(first=declared.first, last=declared.last)
    except ValidationError:
        raise ManifestMalformed(
            "the period is not two days (YYYY-MM-DD) between 1912 and 2199",
            zh="期間須為 1912 至 2199 年間之兩個日期（YYYY-MM-DD）",
            where=where,
            rule="period",
        ) from None


def _clear_file(folder: Path, dataset: Dataset, declaration: _Declaration) -> ClearFile:
    declared = declaration.files[dataset]
    source = Source.model_validate(declared.model_dump(exclude={"query_file"}))
    path = folder / _file_name(dataset, declared)
    if not os.path.lexists(path):
        raise NothingToDo(
            f"institution {declaration.institution} declares it, and it is not in the folder",
            zh=f"機構 {declaration.institution} 已申報此檔，而資料夾內查無此檔",
            where=Where(file=path.name),
            rule="file_missing",
        )
    check_ordinary(path)
    _check_source(dataset, source)
    return ClearFile(dataset=dataset, path=path, source=source)


def _file_name(dataset: Dataset, declared: _DeclaredSource) -> str:
    if declared.format == FileFormat.QUERY:
        return declared.query_file or f"{dataset}.sql"
    if declared.query_file is not None:
        where = Where(file=DECLARATION, column=f"files.{dataset}")
        raise ManifestMalformed(
            "query_file belongs to the format query", zh="query_file 僅用於 query 格式", where=where, rule="declaration"
        )
    return f"{dataset}.{declared.format}"


def _check_source(dataset: Dataset, source: Source) -> None:
    where = Where(file=DECLARATION, column=f"files.{dataset}")
    if source.format == FileFormat.CSV and source.encoding is None:
        raise UndeclaredEncoding(
            "declare the encoding of this CSV file: utf-8 or cp950",
            zh="請申報此 CSV 檔之編碼：utf-8 或 cp950",
            where=where,
            rule="encoding",
        )
    if source.format != FileFormat.CSV and source.encoding is not None:
        raise ManifestMalformed(
            "only a CSV file has an encoding; declare null",
            zh="僅 CSV 檔有編碼；請申報 null",
            where=where,
            rule="declaration",
        )
    try:
        ZoneInfo(source.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ManifestMalformed("the time zone is not known", zh="時區不明", where=where, rule="declaration") from None
