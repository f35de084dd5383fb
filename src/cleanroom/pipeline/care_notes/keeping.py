"""A recording on disk: answers are kept as they come, so that a model that fails late costs one answer and not all.

What is half done lies hidden beside the target and belongs to one drafter and one suite; the target appears whole.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from cleanroom.dispatch.care_notes.drafting import Drafter
from cleanroom.errors import CleanroomError
from cleanroom.governance.generative import transcripts as recordings
from cleanroom.governance.generative.suites import Suites
from cleanroom.governance.generative.transcripts import Transcript
from cleanroom.pipeline.care_notes.recording import Plan, Question, asked, questions

Key = tuple[str, str, str, str, int]


def record_to(
    target: Path,
    drafter: Drafter,
    suites: Suites,
    plan: Plan,
    *,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> tuple[Transcript, ...]:
    """Ask what has not been answered yet, then write the recording. Run again, it goes on where it ended.

    Raises what the drafter raises; what was answered before stays.
    """
    waiting = target.with_name(f".{target.name}.part")
    wanted = list(questions(suites, plan))
    kept = {_key(t): t for t in _kept(waiting, drafter, suites)}
    open_questions = [q for q in wanted if _asked_as(q) not in kept]
    with _appending(waiting) as file:
        for done, transcript in enumerate(asked(drafter, suites, open_questions, plan), start=1):
            file.write(next(recordings.as_lines([transcript])))
            file.flush()
            kept[_key(transcript)] = transcript
            progress(len(wanted) - len(open_questions) + done, len(wanted))
    found = tuple(kept[_asked_as(q)] for q in wanted)
    recordings.check_recording(found, name=target.name)
    recordings.write(target, found)
    waiting.unlink()
    return found


def _kept(waiting: Path, drafter: Drafter, suites: Suites) -> Iterator[Transcript]:
    """Whole lines by this drafter over these suites; the file is cut back to what can be gone on from."""
    raw = waiting.read_bytes() if waiting.exists() else b""
    lines = [line + b"\n" for line in raw.split(b"\n")[:-1]]
    try:
        found = list(recordings.parse(lines, name=waiting.name))
    except CleanroomError:
        found = []
    ours = (drafter.model, drafter.prompt_version, suites.digest)
    if any((t.model, t.prompt_version, t.suite) != ours for t in found):
        found = []
    recordings.write(waiting, found)
    yield from found


def _appending(path: Path) -> BinaryIO:
    """Prompts hold secrets: readable by the owner alone from the first byte on."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _key(t: Transcript) -> Key:
    return (t.case, t.facts, str(t.language), t.side or "", t.repeat)


def _asked_as(q: Question) -> Key:
    return (q.case, q.facts, str(q.language), q.side or "", q.repeat)
