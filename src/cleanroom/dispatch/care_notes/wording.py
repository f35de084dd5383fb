"""The approved wording of care-call notes (wording.yaml), read once and named by its digest."""

from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated

from pydantic import Field, model_validator

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import Frozen
from cleanroom.governance import documents
from cleanroom.governance.generative.transcripts import Language, PassageId
from cleanroom.governance.misfits import Misfits

ByLanguage = dict[Language, str]
FACTS = ("payment", "payments", "reasons", "bound", "action")


class Guidance(Frozen):
    id: PassageId
    zh_hant: Annotated[str, Field(alias="zh-hant")]
    en: str

    def text(self, language: Language) -> str:
        return self.zh_hant if language is Language.CHINESE else self.en


class Prompt(Frozen):
    system: ByLanguage
    user: ByLanguage


class Wording(Frozen):
    label: ByLanguage
    request: ByLanguage
    asks: dict[Language, tuple[str, ...]]
    refusal: ByLanguage
    facts: dict[str, ByLanguage]
    guidance: Annotated[tuple[Guidance, ...], Field(min_length=1)]
    lines: dict[Language, tuple[str, ...]]
    prompt: Prompt

    @model_validator(mode="after")
    def _both_languages(self) -> "Wording":
        texts = [self.label, self.request, self.asks, self.refusal, self.lines, self.prompt.system, self.prompt.user]
        if any(set(text) != set(Language) for text in [*texts, *self.facts.values()]) or set(self.facts) != set(FACTS):
            raise Misfits.of("both_languages", "every text stands in both languages, and every fact has its text",
                             "每段文字須有雙語，每項事實須有文字")  # fmt: skip
        return self

    @cached_property
    def version(self) -> str:
        """Sixteen hex digits of the digest of all of it: a changed word is another prompt."""
        return digest_of(self.model_dump(mode="json"))[:16]


@cache
def wording() -> Wording:
    """Raises PolicyInvalid, naming the place, where the file is damaged."""
    return documents.load(Wording, files("cleanroom.dispatch.care_notes") / "wording.yaml")
