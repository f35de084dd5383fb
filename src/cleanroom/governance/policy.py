"""The policy: what decides. Read from a YAML file, validated, and named by a digest of its content.

The limits are this project's proposals; the regulator gives none. They stand in the file, never in code.
"""

from datetime import date
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import Frozen
from cleanroom.errors import PolicyInvalid
from cleanroom.governance import documents
from cleanroom.governance.misfits import Misfits
from cleanroom.governance.policy_checks import misfits
from cleanroom.governance.policy_limits import PerTier, Quorum, SuspensionRules, Thresholds, WaiverRules
from cleanroom.vocabulary.terms import Tier

DEFAULT_POLICY = "anti-fraud-2025.1"
GRADED = (Tier.R1, Tier.R2, Tier.R3)
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Number = Annotated[float, Field(strict=True)]  # `yes` is no number here, nor is a text


def _as_number(key: object) -> object:
    """JSON has no keys but texts."""
    return int(key) if isinstance(key, str) and key.isdecimal() else key


class Text(Frozen):
    """A sentence in both languages."""

    en: Annotated[str, Field(min_length=1)]
    zh_hant: Annotated[str, Field(min_length=1)]


class Principle(StrEnum):
    GOV = "GOV"
    FAI = "FAI"
    PRI = "PRI"
    ROB = "ROB"
    TRA = "TRA"
    SUS = "SUS"


class AiKind(StrEnum):
    """What a control applies to; a release is `pred` or `gen`."""

    ALL = "all"
    PREDICTIVE = "pred"
    GENERATIVE = "gen"


class EvidenceKind(StrEnum):
    METRIC = "metric"
    DOCUMENT = "document"
    SIGN_OFF = "sign-off"


class Phase(StrEnum):
    """When a control can be judged. `from_record`: by the gate, from the release record. `after_release`: evidence
    exists only in operation, and falls due `first_review_days` after the release; evidence given earlier is judged."""

    BEFORE_RELEASE = "before_release"
    FROM_RECORD = "from_record"
    AFTER_RELEASE = "after_release"


class GateKind(StrEnum):
    BLOCK = "block"
    WARN = "warn"


class Reference(Frozen):
    """A relative limit: `factor` times the evidence under `metric`, or times the policy's setting `setting`."""

    metric: Name | None = None
    setting: Name | None = None
    factor: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.metric is None) == (self.setting is None):
            raise Misfits.of(
                "one_source",
                "a relative limit names either a metric or a setting",
                "相對門檻須指名 metric 或 setting 其一",
            )
        return self


class Metric(Frozen):
    """One measured condition. `limit` may differ `by_tier`; `of` is the whole that the limit is a part of.

    `min_cases`: fewer cases than this are no evidence. `interval: required`: a sampled figure without its confidence
    bound is no evidence. `recorded` has no limit: the figure must be there.
    """

    name: Name
    operator: Literal[">=", "<=", "=", "recorded"]
    limit: Number | None = None
    by_tier: dict[Tier, float] = {}
    reference: Reference | None = None
    of: int | None = None
    reads: str | None = None  # how a coded limit is read by a person: "1 = allow"
    min_cases: Annotated[int, Field(ge=1)] | None = None
    interval: Literal["required", "optional"] = "optional"

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        wanted = 0 if self.operator == "recorded" else 1
        if (self.limit is not None) + (self.reference is not None) != wanted:
            raise Misfits.of(
                "one_limit",
                "a metric has one limit or one reference; a recorded metric has neither",
                "指標須有 limit 或 reference 其一；recorded 兩者皆無",
            )
        if self.by_tier and self.limit is None:
            raise Misfits.of("one_limit", "by_tier needs a limit that it departs from", "by_tier 須有其所依據之 limit")
        return self

    def limit_for(self, tier: Tier) -> float | None:
        return self.by_tier.get(Tier.R3 if tier is Tier.R0 else tier, self.limit)


class Control(Frozen):
    """One control. `not_waivable` gives the reason why nobody may waive it; without it a waiver is possible."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{3}-[1-4]-[0-9]{2}$")]
    principle: Principle
    stage: Literal[1, 2, 3, 4]
    text: Text
    from_tier: Literal[Tier.R1, Tier.R2, Tier.R3]
    ai_kind: AiKind
    evidence: EvidenceKind
    phase: Phase
    gate: GateKind
    not_waivable: Text | None = None
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1)]
    sources: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _id_tells_the_cell(self) -> Self:
        if self.id[:5] != f"{self.principle}-{self.stage}":
            cell = f"{self.principle}-{self.stage}"
            raise Misfits.of("cell", f"the id {self.id} does not lie in cell {cell}", f"編號 {self.id} 不屬於 {cell}")
        return self

    def applies_to(self, tier: Tier, ai_kind: AiKind) -> bool:
        return _rank(tier) >= _rank(self.from_tier) and self.ai_kind in (AiKind.ALL, ai_kind)


class Factor(Frozen):
    weight: Annotated[int, Field(gt=0)]
    text: Text
    anchors: Annotated[tuple[Text, ...], Field(min_length=4, max_length=4)]


class Prohibition(Frozen):
    """A use that no score can allow: R0 where the question is answered yes."""

    when: Name
    text: Text


class Floor(Frozen):
    """Lifts the tier where all questions in `when` are answered yes: to a tier, or by one step. Never lowers it."""

    when: Annotated[tuple[Name, ...], Field(min_length=1)]
    lift_to: Literal[Tier.R2, Tier.R3] | None = None
    lift_one: bool = False
    text: Text

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.lift_to is None) == (not self.lift_one):
            raise Misfits.of(
                "one_way", "a floor either lifts to a tier or lifts one tier", "下限規則須指明 lift_to 或 lift_one 其一"
            )
        return self


class Policy(Frozen):
    version: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    adopted_on: date
    principles: dict[Principle, Text]
    stages: dict[Annotated[Literal[1, 2, 3, 4], BeforeValidator(_as_number)], Text]
    thresholds: Thresholds
    factors: dict[Annotated[str, Field(pattern=r"^F[1-9]$")], Factor]
    questions: dict[Name, Text]
    generative_question: Name
    in_use_question: Name
    prohibitions: Annotated[tuple[Prohibition, ...], Field(min_length=1)]
    floors: tuple[Floor, ...]
    freshness_days: PerTier
    review_days: PerTier
    first_review_days: PerTier
    quorum: Quorum
    waivers: WaiverRules
    suspension: SuspensionRules
    settings: dict[Name, Number]
    inventory_fields: tuple[Name, ...]
    model_card_fields: tuple[Name, ...]
    controls: Annotated[tuple[Control, ...], Field(min_length=1)]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical content: comments and layout of the file do not count."""
        return digest_of(self.model_dump(mode="json"))

    def control(self, control_id: str) -> Control:
        """Raises PolicyInvalid for an id that this policy does not hold."""
        found = next((c for c in self.controls if c.id == control_id), None)
        if found is None:
            raise PolicyInvalid(f"policy {self.version} has no control {control_id}",
                                zh=f"政策 {self.version} 無控制措施 {control_id}")  # fmt: skip
        return found

    def applicable(self, tier: Tier, ai_kind: AiKind) -> tuple[Control, ...]:
        return tuple(c for c in self.controls if c.applies_to(tier, ai_kind))

    @model_validator(mode="wrap")
    @classmethod
    def _holds_together(cls, document: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """What types alone cannot see is told beside what they see."""
        try:
            policy = handler(document)
        except ValidationError as e:
            raise Misfits(tuple(misfits(document)), beside=e) from None
        if found := tuple(misfits(policy.model_dump())):  # as the types read it, so that nothing waits
            raise Misfits(found)
        return policy


def _rank(tier: Tier) -> int:
    """R0 is not on the scale; what is prohibited is judged by the strictest list."""
    return len(GRADED) if tier is Tier.R0 else GRADED.index(tier)


def load_policy(path: Path | str | None = None) -> Policy:
    """Read and validate a policy file; None reads the one that ships with this software.

    Raises PolicyInvalid naming the file and the place in it.
    """
    source = files("cleanroom.governance") / "policies" / f"{DEFAULT_POLICY}.yaml" if path is None else Path(path)
    return documents.load(Policy, source)


def json_schema() -> dict:
    """JSON Schema (2020-12) of a policy file, made from the types here; `policies/policy.schema.json` holds it for
    editors. What one field cannot see (sums, names that must exist elsewhere) `load_policy` checks alone."""
    schema = Policy.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Governance policy"}
