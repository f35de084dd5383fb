"""Published known answers: raw identifier -> canonical -> first hash -> token, under published test keys.

Every participant's installation must give them, whoever wrote it. `check()` runs before anything is sealed, so a
changed normaliser or hash stops at home. The file also lists raw values that must be refused, and by which rule. How
another implementation is compared with it: `crypto.conformance`.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from cleanroom.crypto import hmac2, r255
from cleanroom.crypto.epochs import Epoch
from cleanroom.crypto.identifiers import canonical
from cleanroom.crypto.schemes import SecondHash
from cleanroom.errors import CanaryMismatch, MalformedRows, SettingsInvalid
from cleanroom.vocabulary.terms import Scheme

FILE = "known_answers.json"
Vector = dict[str, Any]


@cache
def load() -> dict[str, Any]:
    """By scheme its test keys (`k1`, `kid`; `own`, `joint`: scalars); `k2`, `epoch`; `vectors` (kind, institution, raw,
    canonical, and by scheme t1 and token), `refused` (kind, institution, raw, rule). Bytes are in hex."""
    return json.loads((files("cleanroom.crypto") / FILE).read_text(encoding="utf-8"))


def available_schemes() -> tuple[Scheme, ...]:
    """Those that this installation can compute: r255-rekey-v1 needs an extra."""
    try:
        r255.check_available()
    except SettingsInvalid:
        return (Scheme.HMAC2,)
    return tuple(Scheme)


def check(schemes: tuple[Scheme, ...] = (Scheme.HMAC2,)) -> int:
    """How many cases agree; raises CanaryMismatch at the first that does not, SettingsInvalid for a scheme whose extra
    is missing."""
    document = load()
    for position, vector in enumerate(document["vectors"], 1):
        text = canonical(vector["kind"], vector["raw"], institution=vector["institution"])
        answers = {scheme: _answers(document, scheme, vector["kind"], text) for scheme in schemes}
        if text != vector["canonical"] or any(vector[scheme] != answer for scheme, answer in answers.items()):
            raise _differs("vectors", position)
    for position, case in enumerate(document["refused"], 1):
        if _rule_of(case) != case["rule"]:
            raise _differs("refused", position)
    return len(document["vectors"]) + len(document["refused"])


def _answers(document: dict[str, Any], scheme: Scheme, kind: str, text: str) -> dict[str, str]:
    keys = {name: bytes.fromhex(value) for name, value in document[scheme].items() if name != "kid"}
    epochs = [Epoch(int(document["epoch"]), bytes.fromhex(document["k2"]))]
    if scheme == Scheme.HMAC2:
        t1 = hmac2.stage1(keys["k1"], document[scheme]["kid"], kind, [text])
        return {"t1": t1[0].hex(), "token": SecondHash(epochs)(kind, t1)[0]}
    t1 = r255.stage1(keys["own"], kind, [text])
    second = SecondHash(epochs, r255.factor(keys["joint"], keys["own"]))
    return {"t1": t1[0].hex(), "joint": second.joint(t1)[0].hex(), "token": second(kind, t1)[0]}


def _rule_of(case: Vector) -> str | None:
    try:
        canonical(case["kind"], case["raw"], institution=case["institution"])
    except MalformedRows as e:
        return e.rule
    return None


def _differs(part: str, position: int) -> CanaryMismatch:
    return CanaryMismatch(
        f"this installation does not give the published answer {position} of {part}; install the agreed release",
        zh=f"此安裝於 {part} 第 {position} 題之答案與公布者不同；請安裝約定版本",
        rule="known_answers",
    )
