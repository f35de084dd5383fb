"""The owner's answers about one model: risk factors, questions, and the documents that the document controls ask for.

The answers travel whole inside the model card, so that those who sign read what they sign; `digest` binds them.
"""

from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import Frozen
from cleanroom.governance import documents
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Name, Text

OWN_ANSWERS = "mule-account-score"


class FactorAnswer(Frozen):
    value: Annotated[int, Field(ge=0, le=3)]
    because: Text


class Declaration(Frozen):
    answer: bool
    because: Text


class Document(Frozen):
    """One document that a control asks for: what it is called and what it says. `value` is judged by the control."""

    value: float
    title: Text
    statement: Text


class Answers(Frozen):
    model: Annotated[str, Field(min_length=1)]
    use_case: Annotated[str, Field(min_length=1)]
    inventory: dict[Name, Text]
    factors: dict[str, FactorAnswer]
    declared: dict[Name, Declaration]
    documents: dict[Name, Document]
    field_needs: dict[str, dict[str, Text]]  # dataset -> field -> why the use case cannot do without it

    @property
    def factor_values(self) -> dict[str, int]:
        return {name: answer.value for name, answer in self.factors.items()}

    @property
    def declared_values(self) -> dict[str, bool]:
        return {name: answer.answer for name, answer in self.declared.items()}

    @property
    def digest(self) -> str:
        return digest_of(self.model_dump(mode="json"))

    def evidence(self, *, confirmed_at: datetime) -> dict[str, Evidence]:
        """The documents as evidence, dated by the day on which the owner confirmed these answers."""
        return {
            metric: Evidence(d.value, measured_at=confirmed_at, detail=f"{d.title.en} / {d.title.zh_hant}")
            for metric, d in self.documents.items()
        }

    def unjustified_fields(self, columns_by_dataset: dict[str, list[str]]) -> tuple[str, ...]:
        """`dataset.field` of every uploaded field that no written need covers."""
        return tuple(
            f"{dataset}.{column}"
            for dataset, columns in sorted(columns_by_dataset.items())
            for column in columns
            if column not in self.field_needs.get(dataset, {})
        )


def load_answers(path: Path | None = None) -> Answers:
    """Read an answers file; None reads the answers of the line's own model.

    Raises PolicyInvalid naming the file and the place in it.
    """
    source = files("cleanroom.governance") / "answers_files" / f"{OWN_ANSWERS}.yaml" if path is None else Path(path)
    return documents.load(Answers, source)
