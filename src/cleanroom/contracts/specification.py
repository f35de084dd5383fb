"""The data specification, read from one Open Data Contract Standard file per dataset (`v<version>/*.odcs.yaml`)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import yaml

from cleanroom.errors import SpecificationNotInForce
from cleanroom.vocabulary.terms import Dataset

LATEST = 1


@dataclass(frozen=True)
class Field:
    """One column of a dataset, as agreed.

    `physical_type`: text, identifier, timestamp, date, decimal(18,2), boolean or integer.
    `identifier`: fixed identifier kind; or `identifier_kind_column` names the column that holds it.
    """

    name: str
    physical_type: str
    description: str
    description_zh: str
    required: bool
    unique: bool = False
    max_length: int | None = None
    pattern: str | None = None
    minimum: float | None = None
    exclusive_minimum: float | None = None
    enum: tuple[str, ...] = ()
    identifier: str | None = None
    identifier_kind_column: str | None = None
    identifier_kinds: Mapping[str, str] = field(default_factory=dict)
    institution_column: str | None = None
    institution_code: bool = False
    within_period: bool = False

    @property
    def is_identifier(self) -> bool:
        return self.physical_type == "identifier"

    def identifier_kind_of(self, kind_value: str) -> str:
        """The identifier kind for a value of the kind column (`person` -> `national_id`)."""
        return self.identifier_kinds.get(kind_value, kind_value)


@dataclass(frozen=True)
class DatasetContract:
    dataset: Dataset
    description: str
    description_zh: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)

    @property
    def column_names(self) -> list[str]:
        return [f.name for f in self.fields]


@dataclass(frozen=True)
class Specification:
    version: int
    digest: str
    datasets: Mapping[Dataset, DatasetContract]


@cache
def load_specification(version: int = LATEST) -> Specification:
    """Read one version. Raises SpecificationNotInForce where this software does not hold that version."""
    folder = files("cleanroom.contracts") / f"v{version}"
    if not folder.is_dir():
        raise SpecificationNotInForce(
            f"specification version {version} is not known here; version {LATEST} is",
            zh=f"此處無資料規格第 {version} 版；最新為第 {LATEST} 版",
        )
    digest = hashlib.sha256()
    datasets = {}
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".odcs.yaml"):
            continue
        raw = path.read_bytes()
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(raw).digest())
        contract = _dataset(yaml.safe_load(raw))
        datasets[contract.dataset] = contract
    return Specification(version=version, digest=digest.hexdigest(), datasets=datasets)


def _dataset(document: dict) -> DatasetContract:
    table = document["schema"][0]
    return DatasetContract(
        dataset=Dataset(table["name"]),
        description=table["description"],
        description_zh=_custom(document)["zh_hant"],
        fields=tuple(_field(p) for p in table["properties"]),
    )


def _field(prop: dict) -> Field:
    options, custom = prop.get("logicalTypeOptions", {}), _custom(prop)
    return Field(
        name=prop["name"],
        physical_type=prop["physicalType"],
        description=prop["description"],
        description_zh=custom["zh_hant"],
        required=prop["required"],
        unique=prop.get("unique", False),
        max_length=options.get("maxLength"),
        pattern=options.get("pattern"),
        minimum=options.get("minimum"),
        exclusive_minimum=options.get("exclusiveMinimum"),
        enum=tuple(custom.get("enum", ())),
        identifier=custom.get("identifier"),
        identifier_kind_column=custom.get("identifier_kind_column"),
        identifier_kinds=custom.get("identifier_kinds", {}),
        institution_column=custom.get("institution_column"),
        institution_code=custom.get("institution_code", False),
        within_period=custom.get("within") == "period",
    )


def _custom(node: dict) -> dict:
    return {p["property"]: p["value"] for p in node.get("customProperties", [])}
