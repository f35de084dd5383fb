"""What an institution does with a warning, by its own rule file. The first rule that fits decides."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from cleanroom.contracts.manifest import Frozen
from cleanroom.contracts.messages import WarningBody, WarningMessage
from cleanroom.errors import SettingsInvalid, Where
from cleanroom.vocabulary.terms import AnswerKind, Severity, WarningKind

Action = Literal["hold", "restrict", "call_customer", "none"]


class When(Frozen):
    """Everything named must hold; nothing named holds always."""

    kind: WarningKind | None = None
    severity: Severity | None = None
    least_score: float | None = Field(default=None, ge=0, le=1)
    nearest_layer: int | None = Field(default=None, ge=0)

    def fits(self, message: WarningMessage, body: WarningBody) -> bool:
        near = message.layer is not None and self.nearest_layer is not None and message.layer <= self.nearest_layer
        return (
            self.kind in (None, message.kind)
            and self.severity in (None, message.severity)
            and (self.least_score is None or body.score >= self.least_score)
            and (self.nearest_layer is None or near)
        )


class Rule(Frozen):
    when: When
    answer: AnswerKind
    action: Action
    reason: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _an_action_needs_a_hand(self) -> "Rule":
        if self.action in ("hold", "restrict") and self.answer is not AnswerKind.CONTROLLED:
            raise ValueError("hold and restrict are controls; answer with controlled")
        return self

    @model_validator(mode="after")
    def _a_person_comes_before_a_control_on_the_score_alone(self) -> "Rule":
        """FAI-4-02 of the policy: no person has looked when a rule decides, so reported money must have come in."""
        reached = self.when.severity is Severity.CRITICAL or self.when.nearest_layer is not None
        if self.answer is AnswerKind.CONTROLLED and not (self.when.kind is WarningKind.MULE and reached):
            raise ValueError(
                "on the score alone a person looks first: answer with reviewing, or control only where reported money "
                "came in (kind: mule, and severity: critical or nearest_layer)"
            )
        return self

    def held_cents(self, body: WarningBody) -> int:
        """A hold freezes at most what the warning bounds; core banking may find less."""
        return body.amount_bound_cents if self.action == "hold" else 0


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """An institution's file, or the one that ships. Raises SettingsInvalid, also where some warning fits no rule."""
    source = path or files("cleanroom.receiver") / "rules.yaml"
    where = Where(file=str(path) if path else "rules.yaml")
    try:
        rules = TypeAdapter(tuple[Rule, ...]).validate_python(yaml.safe_load(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as e:
        raise SettingsInvalid(
            f"the answering rules cannot be read: {_first_line(e)}",
            zh=f"回覆規則無法讀取：{_first_line(e)}",
            where=where,
        ) from None
    if not rules or rules[-1].when != When():
        raise SettingsInvalid(
            "the last answering rule must fit every warning (when: {})",
            zh="最後一條回覆規則須適用於任何預警（when: {}）",
            where=where,
        )
    return rules


def decide(rules: Sequence[Rule], message: WarningMessage, body: WarningBody) -> Rule:
    return next(rule for rule in rules if rule.when.fits(message, body))


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]
