"""The owner's answers about one model: risk factors, questions, and the documents that the document controls ask for.

The answers travel whole inside the model card, so that those who sign read what they sign; `digest` binds them.
"""

from datetime import date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import Frozen
from cleanroom.governance import documents
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.misfits import Misfits
from cleanroom.governance.moments import TAIPEI
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


class AccessReview(Frozen):
    """When people last looked at who may do what, and by whom. The next one is due `every_days` later."""

    last_on: date
    every_days: Annotated[int, Field(ge=1, le=3660)]
    statement: Text


class Training(Frozen):
    """Of the people in the loop, how many completed the training for their role."""

    people: Annotated[int, Field(ge=1)]
    completed: Annotated[int, Field(ge=0)]
    as_of: date
    statement: Text

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        if self.completed > self.people:
            raise Misfits.of("training", "more people completed the training than there are", "完訓人數多於應訓人數")
        return self


class Records(Frozen):
    """What the owner keeps outside this system, and figures are computed from. Left out where it is not kept."""

    access_review: AccessReview | None = None
    training: Training | None = None

    def evidence(self, *, now: datetime) -> dict[str, Evidence]:
        found = {}
        if self.access_review:
            found["access_review_overdue_days"] = _overdue(self.access_review, now)
        if self.training:
            found["training_completion"] = _trained(self.training)
        return found


def _overdue(review: AccessReview, now: datetime) -> Evidence:
    days = (now.astimezone(TAIPEI).date() - review.last_on).days - review.every_days
    return Evidence(float(max(0, days)), measured_at=now, detail=f"last access review on {review.last_on}")


def _trained(training: Training) -> Evidence:
    at = datetime.combine(training.as_of, time(), tzinfo=TAIPEI)
    detail = f"{training.completed} of {training.people} people in the loop"
    return Evidence(training.completed / training.people, measured_at=at, cases=training.people, detail=detail)


class Answers(Frozen):
    model: Annotated[str, Field(min_length=1)]
    use_case: Annotated[str, Field(min_length=1)]
    inventory: dict[Name, Text]
    factors: dict[str, FactorAnswer]
    declared: dict[Name, Declaration]
    documents: dict[Name, Document]
    records: Records = Records()
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
        """The documents, dated by the day on which the owner confirmed these answers, and what the records give."""
        stated = {
            metric: Evidence(d.value, measured_at=confirmed_at, detail=f"{d.title.en} / {d.title.zh_hant}")
            for metric, d in self.documents.items()
        }
        return stated | self.records.evidence(now=confirmed_at)

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
