"""The label that says that a machine wrote a text, and the form of a note: label first, then lines that cite."""

from functools import cache

from cleanroom.governance.generative.texts import cited, fold, phrase_pattern, word_list

LONGEST_NOTE = 2000  # characters: what an officer can read before a call


def labelled(output: str) -> bool:
    """Whether the first line says that the text is AI-made (words/labels.yaml)."""
    return bool(_label().search(_first_line(fold(output)).casefold()))


def without_label(folded: str) -> str:
    """The text without its first line, where that is the label."""
    first, _, rest = folded.strip().partition("\n")
    return rest if _label().search(first.casefold()) else folded


def has_note_form(output: str, *, refused: bool) -> bool:
    """Label first and not too long; unless it is a refusal, every further line cites what it rests on."""
    folded = fold(output).strip()
    if not labelled(folded) or len(folded) > LONGEST_NOTE:
        return False
    lines = [line for line in without_label(folded).splitlines() if line.strip()]
    return bool(lines) and (refused or all(cited(line) for line in lines))


def _first_line(folded: str) -> str:
    return next((line for line in folded.splitlines() if line.strip()), "")


@cache
def _label():
    return phrase_pattern([p for phrases in word_list("labels").values() for p in phrases])
