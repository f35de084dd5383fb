"""Published known answers: raw identifier -> canonical -> first hash -> token under published test keys.

Every participant's installation must give them, whoever wrote it. `check()` runs before anything is sealed, so a
changed normaliser or hash stops at home. The file also lists raw values that must be refused, and by which rule.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from cleanroom.crypto import hmac2
from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import CanaryMismatch, MalformedRows

FILE = "known_answers.json"


@cache
def load() -> dict[str, Any]:
    """Keys `k1`, `k1_kid`, `k2`, `epoch`, `vectors` (kind, institution, raw, canonical, t1, token), `refused`."""
    return json.loads((files("cleanroom.crypto") / FILE).read_text(encoding="utf-8"))


def check() -> int:
    """How many answers agree; raises CanaryMismatch at the first that does not."""
    document = load()
    for position, vector in enumerate(document["vectors"], 1):
        if _answers(document, vector) != (vector["canonical"], vector["t1"], vector["token"]):
            raise _differs("vectors", position)
    for position, case in enumerate(document["refused"], 1):
        if _rule_of(case) != case["rule"]:
            raise _differs("refused", position)
    return len(document["vectors"]) + len(document["refused"])


def _answers(document: dict[str, Any], vector: dict[str, Any]) -> tuple[str, str, str]:
    text = canonical(vector["kind"], vector["raw"], institution=vector["institution"])
    t1 = hmac2.stage1(bytes.fromhex(document["k1"]), document["k1_kid"], vector["kind"], [text])
    token = hmac2.stage2(bytes.fromhex(document["k2"]), document["epoch"], vector["kind"], t1)
    return text, t1[0].hex(), token[0]


def _rule_of(case: dict[str, Any]) -> str | None:
    try:
        canonical(case["kind"], case["raw"], institution=case["institution"])
    except MalformedRows as e:
        return e.rule
    return None


def _differs(part: str, position: int) -> CanaryMismatch:
    return CanaryMismatch(
        f"this installation does not give the published answer {position} of {part}; install the agreed release",
        rule="known_answers",
    )
