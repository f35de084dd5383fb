"""An institution's own implementation, compared with the published known answers without any code of ours.

`questions` holds what there is to compute and under which published test keys; the institution answers with a CSV,
one line for each question. Page: docs/conformance.md.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanroom.crypto import hmac2, known_answers, r255
from cleanroom.errors import ManifestMalformed, Where
from cleanroom.vocabulary.terms import Scheme

COLUMNS = ("number", "canonical", "t1")
REFUSED = "refused"  # stands as the canonical text of what must not be hashed
FILE_CAP_BYTES = 4 * 1024 * 1024
LONGEST_NUMBER = 9

_HOW = {
    Scheme.HMAC2: [
        "subkey = HKDF-SHA256(k1, salt = scheme, info = 'stage1/<kind>/<kid>', length = 32)   [RFC 5869]",
        "t1 = HMAC-SHA256(subkey, message)   [RFC 2104]",
    ],
    Scheme.R255_REKEY: [
        "P = hash_to_ristretto255(message), suite ristretto255_XMD:SHA-512_R255MAP_RO_, domain = hash_domain   "
        "[RFC 9380 section 5.3.1, RFC 9496 section 4.3.4]",
        "t1 = encoding of own * P; own is a scalar of 32 bytes, little endian   [RFC 9496]",
    ],
}


@dataclass(frozen=True)
class Difference:
    """`number`: of the question; `what`: the column, or what is wrong with the line."""

    number: int
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"question {self.number}: {self.what}: expected {self.expected!r}, found {self.found!r}"


def questions(scheme: Scheme) -> dict[str, Any]:
    """Instructions, published test keys, and the raw values with numbers from 1."""
    document = known_answers.load()
    keys = dict(document[scheme])
    keys.pop("joint", None)  # the room's side
    if scheme == Scheme.R255_REKEY:
        keys["hash_domain"] = r255.HASH_DOMAIN.decode()
    cases = [*document["vectors"], *document["refused"]]
    return {
        "scheme": scheme.value,
        "keys": keys,
        "instructions": [
            "Bring each raw value to its canonical form, by kind, as the data specification says (UTF-8 throughout).",
            f"message = {hmac2.message_prefix('<kind>').decode()!r} + canonical form; \\n is one line feed",
            *_HOW[scheme],
            f"Answer as CSV in UTF-8 with the header {','.join(COLUMNS)}; t1 in lower-case hex.",
            f"Where the value breaks its rule write {REFUSED!r} as canonical and leave t1 empty.",
        ],
        "questions": [
            {"number": number, "kind": c["kind"], "institution": c["institution"], "raw": c["raw"]}
            for number, c in enumerate(cases, 1)
        ],
    }


def compare(scheme: Scheme, answers: Path) -> list[Difference]:
    """Every difference, in order; empty where the implementation conforms. Raises ManifestMalformed for a file that
    is no CSV with these columns."""
    expected = _expected(scheme)
    found, differences = _read(answers)
    for number, wanted in expected.items():
        line = found.pop(number, None)
        if line is None:
            differences.append(Difference(number, "no answer", wanted["canonical"], ""))
            continue
        differences += [
            Difference(number, name, wanted[name], line[name]) for name in COLUMNS[1:] if line[name] != wanted[name]
        ]
    differences += [Difference(number, "no such question", "", line["canonical"]) for number, line in found.items()]
    return sorted(differences, key=lambda d: d.number)


def how_many(scheme: Scheme) -> int:
    return len(_expected(scheme))


def _expected(scheme: Scheme) -> dict[int, dict[str, str]]:
    document = known_answers.load()
    good = [{"canonical": v["canonical"], "t1": v[scheme]["t1"]} for v in document["vectors"]]
    bad = [{"canonical": REFUSED, "t1": ""} for _ in document["refused"]]
    return dict(enumerate([*good, *bad], 1))


def _read(path: Path) -> tuple[dict[int, dict[str, str]], list[Difference]]:
    """Lines by their number, and what is wrong with the numbers themselves."""
    found: dict[int, dict[str, str]] = {}
    differences = []
    for row, line in _lines(path):
        text = line["number"] or ""
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
            raise ManifestMalformed(
                "a line has no question's number", zh="有一列缺少題號", where=Where(path.name, row), rule="answers"
            )
        if int(text) in found:
            differences.append(Difference(int(text), "answered twice", "", line["canonical"] or ""))
        found[int(text)] = {name: line[name] or "" for name in COLUMNS}
    return found, differences


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        if reader.fieldnames is None or set(COLUMNS) - set(reader.fieldnames):
            raise _no_answers(path)
        yield from enumerate(reader, 1)
    except csv.Error:
        raise _no_answers(path) from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_CAP_BYTES:
            raise _no_answers(path)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _no_answers(path) from None


def _no_answers(path: Path) -> ManifestMalformed:
    return ManifestMalformed(
        f"this is not a CSV of answers in UTF-8 with the columns {', '.join(COLUMNS)}",
        zh=f"此檔非 UTF-8 之答案 CSV，或缺少欄位 {'、'.join(COLUMNS)}",
        where=Where(file=path.name),
        rule="answers",
    )
