"""Transcripts: one request to a generative model with its answer, one JSON object a line.

A recording is one file of transcripts by one drafter (one model, one prompt version) over one suite. Two transcripts
of the same case, facts and side are repeats. Nothing in a message of refusal quotes a transcript.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from cleanroom.contracts.chat import LONGEST_TEXT, ChatMessage, ToolCall
from cleanroom.contracts.manifest import Frozen, Hex32
from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import MalformedRows, NotFound, NothingToDo, StoreFault, TooLarge, Where

LINE_CAP_BYTES = 256 * 1024
FILE_CAP_BYTES = 1024**3
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
PassageId = Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,3}$")]


class Language(StrEnum):
    CHINESE = "zh-hant"
    ENGLISH = "en"


class CaseKind(StrEnum):
    """`note`: an ordinary request. `attack`: somebody tries to turn the model. `pair`: one of two requests that differ
    in a group. `benign`: sounds dangerous and is not. `out_of_scope`: must be refused."""

    NOTE = "note"
    ATTACK = "attack"
    PAIR = "pair"
    BENIGN = "benign"
    OUT_OF_SCOPE = "out_of_scope"


class Expected(StrEnum):
    """What the answer has to be. `either`: an attack may be refused or passed over; its oracle decides."""

    ANSWER = "answer"
    REFUSE = "refuse"
    EITHER = "either"


class Passage(Frozen):
    """What the model was given to write from. `fact`: from the warning. `guidance`: approved wording and rules.
    `case_text`: free text that came with the case, which nobody vouches for."""

    id: PassageId
    kind: Literal["fact", "guidance", "case_text"]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class Transcript(Frozen):
    """One request and its answer.

    `suite`: digest of the suites that the case stands in. `facts`: which made-up or real facts the case was put to.
    `planted`: personal data that the case itself put into the prompt. `canaries`: secrets that were put into it.
    `pair` and `side` stand together. `model` and `prompt_version` name the drafter.
    """

    suite: Hex32
    case: Name
    kind: CaseKind
    facts: Name
    language: Language
    messages: Annotated[tuple[ChatMessage, ...], Field(min_length=1, max_length=40)]
    passages: Annotated[tuple[Passage, ...], Field(max_length=60)]
    planted: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    canaries: Annotated[tuple[Annotated[str, Field(min_length=12, max_length=80)], ...], Field(max_length=5)] = ()
    output: Annotated[str, Field(max_length=LONGEST_TEXT)]
    tool_calls: Annotated[tuple[ToolCall, ...], Field(max_length=50)] = ()
    expected: Expected
    pair: Name | None = None
    side: Literal["a", "b"] | None = None
    repeat: Annotated[int, Field(ge=1, le=1000)] = 1
    model: Annotated[str, Field(min_length=1, max_length=200)]
    prompt_version: Annotated[str, Field(min_length=1, max_length=80)]
    made_at: AwareDatetime

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        ids = [p.id for p in self.passages]
        if len(set(ids)) != len(ids):
            raise ValueError("a passage id stands twice")
        if (self.pair is None) != (self.side is None) or (self.pair is not None) != (self.kind is CaseKind.PAIR):
            raise ValueError("pair and side belong to a case of kind pair, and to no other")
        return self

    @property
    def unit(self) -> tuple[str, ...]:
        """What counts as one case: repeats of one request are not independent."""
        return (self.case, self.facts, self.language, self.side or "")


def parse(lines: Iterable[bytes], *, name: str) -> Iterator[Transcript]:
    """Each line as a transcript. Raises MalformedRows with file, line and field; TooLarge for a line over the cap."""
    for row, line in enumerate(lines, start=1):
        if len(line) > LINE_CAP_BYTES:
            raise TooLarge(
                f"a transcript is longer than {LINE_CAP_BYTES:,} bytes",
                zh=f"單筆紀錄超過 {LINE_CAP_BYTES:,} 位元組",
                where=Where(file=name, row=row),
            )
        try:
            yield Transcript.model_validate_json(line)
        except ValidationError as e:
            first = e.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(step) for step in first["loc"]) or None
            why = f"the line is no transcript: {first['type']}"
            zh = f"此行非約定之紀錄：{first['type']}"
            raise MalformedRows(why, zh=zh, where=Where(file=name, row=row, column=place), rule="transcript") from None


def read(path: Path) -> tuple[Transcript, ...]:
    """A whole recording, checked by `check_recording`. Raises as `parse`, NotFound where there is no file."""
    try:
        if path.stat().st_size > FILE_CAP_BYTES:
            raise TooLarge(
                f"a recording is longer than {FILE_CAP_BYTES:,} bytes",
                zh=f"錄製檔超過 {FILE_CAP_BYTES:,} 位元組",
                where=Where(file=path.name),
            )
        with path.open("rb") as file:
            found = tuple(parse(file, name=path.name))
    except FileNotFoundError:
        raise NotFound("there is no such file", zh="無此檔案", where=Where(file=path.name)) from None
    except OSError as e:
        raise StoreFault(
            f"the file cannot be read ({e.strerror})",
            zh=f"檔案無法讀取（{e.strerror}）",
            where=Where(file=path.name),
        ) from None
    check_recording(found, name=path.name)
    return found


def check_recording(transcripts: Sequence[Transcript], *, name: str) -> None:
    """Raise NothingToDo for none, MalformedRows where two say the same thing or come from two drafters or suites."""
    if not transcripts:
        raise NothingToDo("the recording holds no transcript", zh="錄製檔無任何紀錄", where=Where(file=name))
    drafters = {(t.model, t.prompt_version, t.suite) for t in transcripts}
    if len(drafters) > 1:
        raise MalformedRows(
            "a recording has one model, one prompt version and one suite",
            zh="同一錄製檔僅能有一個模型、一個提示版本與一組題組",
            where=Where(file=name),
            rule="one_drafter",
        )
    seen: set[tuple] = set()
    for row, t in enumerate(transcripts, start=1):
        if (key := (*t.unit, t.repeat)) in seen:
            raise MalformedRows(
                "this repeat of this case stands twice",
                zh="此案例之同一次重複出現兩次",
                where=Where(file=name, row=row),
                rule="twice",
            )
        seen.add(key)


def as_lines(transcripts: Iterable[Transcript]) -> Iterator[bytes]:
    return (t.model_dump_json().encode() + b"\n" for t in transcripts)


def digest(transcripts: Iterable[Transcript]) -> str:
    """SHA-256 (hex) of the recording's lines as this module writes them: the data that a release was measured on."""
    sha = hashlib.sha256()
    for line in as_lines(transcripts):
        sha.update(line)
    return sha.hexdigest()


def write(path: Path, transcripts: Iterable[Transcript]) -> None:
    """Whole or not at all, readable by the owner alone."""
    write_whole(path, lambda file: file.writelines(as_lines(transcripts)))
