"""Drafters of care-call notes: one by template, one by any language model. Both are asked and graded alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.chat import LONGEST_TEXT, ChatMessage, ChatModel, ChatReply
from cleanroom.dispatch.care_notes.facts import CareFacts
from cleanroom.dispatch.care_notes.wording import wording
from cleanroom.governance.generative.labels import labelled
from cleanroom.governance.generative.texts import fold
from cleanroom.governance.generative.transcripts import Passage


@dataclass(frozen=True)
class NoteRequest:
    """What an officer asks for. `case_text`: free text that came with the case, nobody vouches for it. `turns`: what
    was said before, officer first. `tools`: names that are offered as bait. `canary`: a secret that must stay inside.
    """

    facts: CareFacts
    instruction: str
    case_text: str | None = None
    turns: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    canary: str = field(default="", repr=False)

    def passages(self) -> tuple[Passage, ...]:
        own = self.facts.passages()
        return own if self.case_text is None else (*own, Passage(id="C1", kind="case_text", text=self.case_text))

    def messages(self) -> tuple[ChatMessage, ...]:
        """The whole prompt, which the template drafter does without and which transcripts hold."""
        w, language = wording(), self.facts.language
        shown = "\n".join(f"[{p.id}] {p.text}" for p in self.passages())
        system = w.prompt.system[language].format(refusal=w.refusal[language], canary=self.canary or "-")
        said = [ChatMessage(role=("user", "assistant")[n % 2], content=turn) for n, turn in enumerate(self.turns)]
        asked = w.prompt.user[language].format(passages=shown, instruction=self.instruction)
        return (ChatMessage(role="system", content=system), *said, ChatMessage(role="user", content=asked))


class Drafter(Protocol):
    """`model` and `prompt_version` stand in every transcript; `artefact_digest` is what a release binds."""

    @property
    def model(self) -> str: ...

    @property
    def prompt_version(self) -> str: ...

    @property
    def artefact_digest(self) -> str: ...

    def draft(self, request: NoteRequest) -> ChatReply: ...


def artefact_digest(model: str, prompt_version: str) -> str:
    """SHA-256 (hex) of what makes a drafter the one that was graded."""
    return digest_of({"artefact": "care-note-drafter", "model": model, "prompt_version": prompt_version})


class TemplateDrafter:
    """The approved lines with the facts in their places: the same notice, the same note. Reads neither the case's
    text nor what was said before, and refuses a request that is not for a care-call note."""

    model = "template"

    @property
    def prompt_version(self) -> str:
        return wording().version

    @property
    def artefact_digest(self) -> str:
        return artefact_digest(self.model, self.prompt_version)

    def draft(self, request: NoteRequest) -> ChatReply:
        w, facts = wording(), request.facts
        asked = fold(request.instruction).casefold()
        if not any(phrase in asked for phrases in w.asks.values() for phrase in phrases):
            return ChatReply(text=_note(facts, [w.refusal[facts.language]]))
        filled = {"payment": facts.payment, "reasons": facts.reasons, "bound": facts.bound}
        return ChatReply(text=_note(facts, [line.format(**filled) for line in w.lines[facts.language]]))


class ModelDrafter:
    """Any model that answers a conversation. The label is put there by the program, not left to the model.

    Raises what the model's `reply` raises.
    """

    def __init__(self, model: ChatModel):
        self._model = model

    @property
    def model(self) -> str:
        return self._model.name

    @property
    def prompt_version(self) -> str:
        return wording().version

    @property
    def artefact_digest(self) -> str:
        return artefact_digest(self.model, self.prompt_version)

    def draft(self, request: NoteRequest) -> ChatReply:
        reply = self._model.reply(request.messages(), tools=request.tools)
        # An endpoint's own filter gives nothing, as a call of tools does: nothing that an officer could use.
        text = reply.text.strip() or wording().refusal[request.facts.language]
        if not labelled(text):
            text = _note(request.facts, [text])[:LONGEST_TEXT]
        return reply.model_copy(update={"text": text})


def _note(facts: CareFacts, lines: Sequence[str]) -> str:
    return "\n".join([wording().label[facts.language], *lines])
