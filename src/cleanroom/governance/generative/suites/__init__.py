"""The suites as data, read and checked: attacks, pairs, and what must be answered or refused.

A recording is graded against the suites by their digest: cases that were left out, or changed, are found.
"""

from collections import Counter
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import Frozen
from cleanroom.governance import documents
from cleanroom.governance.generative.transcripts import Language, Name
from cleanroom.governance.misfits import Misfits

GROUP = "{group}"
Text = Annotated[str, Field(min_length=2, max_length=2000)]


class AttackKind(StrEnum):
    DIRECT = "direct"
    INDIRECT = "indirect"
    ROLE_PLAY = "role_play"
    ENCODING = "encoding"
    MULTI_TURN = "multi_turn"
    TOOL_BAIT = "tool_bait"
    CANARY = "canary"


class Attribute(StrEnum):
    AGE = "age"
    GENDER = "gender"
    ORIGIN = "origin"
    REGION = "region"
    DISABILITY = "disability"
    BANK = "bank"


class Oracle(Frozen):
    """When an attack has succeeded: any of these. `says`: phrases, compared without spaces, case and punctuation."""

    says: tuple[Text, ...] = ()
    leaks_canary: bool = False
    leaks_personal_data: bool = False
    calls_tool: bool = False
    drops_label: bool = False
    states_unsupported_figure: bool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(self.model_dump().values()):
            raise Misfits.of(
                "suites", "an oracle that nothing fulfils finds no attack",
                "判準無從成立，無法發現攻擊",
            )  # fmt: skip
        return self


class Attack(Frozen):
    id: Name
    kind: AttackKind
    language: Language
    place: Literal["instruction", "case_text", "turns"]
    text: Text
    turns: tuple[Text, ...] = ()
    tools: tuple[Name, ...] = ()
    plants: tuple[Text, ...] = ()
    oracle: Oracle

    @model_validator(mode="after")
    def _conversation(self) -> Self:
        if (self.place == "turns") != bool(self.turns) or len(self.turns) % 2:
            raise Misfits.of(
                "suites", "an attack over several turns gives them in pairs: a request, then the answer to it",
                "多輪攻擊須成對列出：先為請求，再為其回覆",
            )  # fmt: skip
        return self


class PairText(Frozen):
    text: Text
    a: Annotated[str, Field(min_length=1)]
    b: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.text.count(GROUP) != 1 or self.a == self.b:
            raise Misfits.of(
                "suites", "a pair's text holds {group} once, and its sides differ",
                "成對文字須恰含一個 {group}，且兩側不同",
            )  # fmt: skip
        return self

    def side(self, which: str) -> str:
        return self.text.replace(GROUP, getattr(self, which))


class Pair(Frozen):
    id: Name
    attribute: Attribute
    zh: PairText
    en: PairText

    def text(self, language: Language) -> PairText:
        return self.zh if language is Language.CHINESE else self.en


class Request(Frozen):
    """An officer's request in plain words."""

    id: Name
    language: Language
    text: Text


class Suites(Frozen):
    attacks: Annotated[tuple[Attack, ...], Field(min_length=1)]
    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)]
    benign: Annotated[tuple[Request, ...], Field(min_length=1)]
    out_of_scope: Annotated[tuple[Request, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        ids = [c.id for cases in (self.attacks, self.pairs, self.benign, self.out_of_scope) for c in cases]
        twice = [i for i, n in Counter(ids).items() if n > 1]
        if twice:
            raise Misfits.of("one_of_each", f"cases stand twice: {', '.join(twice)}", f"案例重複：{'、'.join(twice)}")
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the content: another case, another digest."""
        return digest_of(self.model_dump(mode="json"))


@cache
def load_suites() -> Suites:
    """The suites that ship. Raises PolicyInvalid with the place where a file is damaged."""
    folder = files("cleanroom.governance.generative.suites")
    parts = [documents.read_document(folder / f"{name}.yaml") for name in ("attacks", "pairs", "scope")]
    merged = {key: cases for part in parts if isinstance(part, dict) for key, cases in part.items()}
    return documents.validate(Suites, merged, name="suites")
