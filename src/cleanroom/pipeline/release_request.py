"""What people declare of a release, over the answers that ship with this software."""

from collections.abc import Mapping
from typing import Any

from cleanroom.governance.answers import Answers, load_answers
from cleanroom.governance.documents import validate


def declared_answers(factors: Mapping | None, declared: Mapping | None, documents: Mapping | None) -> Answers:
    """The shipped answers with what the request states in their place.

    `factors`: name -> 0..3, or {value, because}; `declared`: question -> bool, or {answer, because}; `documents`:
    metric -> {value, title, statement}. A bare value keeps the shipped reason. Raises PolicyInvalid, naming the place.
    """
    document = load_answers().model_dump(mode="json")
    for name, value in (factors or {}).items():
        document["factors"][name] = _over(document["factors"].get(name), value, "value")
    for name, value in (declared or {}).items():
        document["declared"][name] = _over(document["declared"].get(name), value, "answer")
    document["documents"] |= dict(documents or {})
    return validate(Answers, document, name="release-request.yaml")


def _over(shipped: Mapping | None, stated: Any, key: str) -> Any:
    return stated if isinstance(stated, Mapping) else {**(shipped or {}), key: stated}
