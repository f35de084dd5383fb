"""Reading text of two scripts: one plain form, tokens, sentences, citations, and phrases from the lists in words/."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files

from cleanroom.errors import PolicyInvalid, Where
from cleanroom.governance import documents

KEPT = 8192  # texts whose reading is remembered: the same guidance and facts stand in many transcripts
HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CITATION = re.compile(r"\[([A-Z][0-9]{1,3})\]")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
_TOKEN = re.compile(rf"[{HAN}]|[0-9A-Za-z\u00c0-\u024f]+(?:[.:/'-][0-9A-Za-z\u00c0-\u024f]+)*")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]+|(?<=[^0-9])\.(?=\s|$)|(?<=[0-9])\.(?=\s|$)")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_DIGIT_SPACE_UNIT = re.compile(r"(?<=[0-9])[ \t]+(?=[十百千萬万億亿])|(?<=[十百千萬億])[ \t]+(?=[0-9])")


@lru_cache(maxsize=KEPT)
def fold(text: str) -> str:
    """NFKC (full-width to plain), format characters such as zero-width spaces removed, `3 萬 5` written together."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return _DIGIT_SPACE_UNIT.sub("", plain)


def squeezed(text: str) -> str:
    """Folded, lower case, letters and digits alone: what is left when spaces and punctuation hide nothing."""
    return "".join(c for c in fold(text).casefold() if c.isalnum())


def tokens(folded: str) -> list[str]:
    """Each Han character by itself, each Latin word or number as one; lower case, thousands separators dropped."""
    return _TOKEN.findall(_THOUSANDS.sub("", folded).casefold())


def sentences(folded: str) -> list[str]:
    return [s.strip() for s in _SENTENCE_END.split(folded) if s.strip()]


def cited(folded: str) -> tuple[str, ...]:
    """Ids of the passages that the text cites, as `[F1]`, in their order, repeats included."""
    return tuple(CITATION.findall(folded))


def uncited(folded: str) -> str:
    return CITATION.sub(" ", folded)


def han_share(text: str) -> float:
    """Share of Han characters among Han characters and Latin words; 0 where there are neither."""
    han = len(_HAN_CHARACTER.findall(text))
    latin = len(re.findall(r"[A-Za-z\u00c0-\u024f]+", text))
    return han / (han + latin) if han + latin else 0.0


def has_latin(text: str) -> bool:
    return bool(_LATIN_LETTER.search(text))


@cache
def word_list(name: str) -> dict:
    """words/<name>.yaml, as it stands. Raises PolicyInvalid where the file is damaged."""
    found = documents.read_document(files("cleanroom.governance.generative") / "words" / f"{name}.yaml")
    if not isinstance(found, dict):
        raise PolicyInvalid(
            "the word list is no mapping",
            zh="詞表格式有誤，須為鍵值對照",
            where=Where(file=f"{name}.yaml"),
            rule="schema",
        )
    return found


def phrase_pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """One pattern that finds any of the phrases in folded, lower-case text: Latin ones as whole words, Chinese ones
    anywhere, because Chinese has no word bounds to ask for."""
    parts = [_part(fold(p).casefold()) for p in sorted(phrases, key=len, reverse=True)]
    return re.compile("|".join(parts) if parts else r"(?!)")


def _part(phrase: str) -> str:
    escaped = re.escape(phrase).replace(r"\ ", r"\s+")
    if has_latin(phrase[0]):
        escaped = rf"(?<![a-z0-9]){escaped}"
    return rf"{escaped}(?![a-z0-9])" if has_latin(phrase[-1]) else escaped


def found_phrases(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (m[0] for m in pattern.finditer(fold(text).casefold()))
