"""The evaluation as OSCAL assessment results (NIST OSCAL 1.1.2, JSON), for tools that read nothing else.

One observation per figure, one finding per control. A control is satisfied where every figure of it is met; a waiver
does not satisfy it. Titles and descriptions are English; `remarks` say the same in Chinese. The prop `metric` holds the
name by which the policy knows a figure. Ids are derived from the content, so the same release at the same time gives
the same document.
"""

from uuid import NAMESPACE_URL, UUID, uuid5

from cleanroom.contracts.governance import ControlResult
from cleanroom.governance.matrix import worst
from cleanroom.governance.policy import Control, EvidenceKind
from cleanroom.governance.reports import naming
from cleanroom.governance.reports.pages import Judged
from cleanroom.governance.reports.words import Words
from cleanroom.vocabulary.terms import ControlOutcome

OSCAL_VERSION = "1.1.2"
NAMESPACE = "urn:financial-clean-room:governance"
_METHODS = {EvidenceKind.METRIC: "TEST", EvidenceKind.DOCUMENT: "EXAMINE", EvidenceKind.SIGN_OFF: "EXAMINE"}
_ENGLISH, _CHINESE = Words("en"), Words("zh_hant")


def assessment_results(judged: Judged) -> dict:
    """{"assessment-results": ...} of one release, judged at one time."""
    root, policy, at = _root(judged), judged.policy, judged.at.isoformat()
    titled = {"release": judged.draft.release_id, "policy": policy.version}
    return {
        "assessment-results": {
            "uuid": str(root),
            "metadata": {
                "title": _ENGLISH.filled("oscal", "title", **titled),
                "last-modified": at,
                "version": judged.draft.subject_digest,
                "oscal-version": OSCAL_VERSION,
                "remarks": _CHINESE.filled("oscal", "title", **titled),
            },
            "import-ap": {"href": f"#{_id(root, 'policy')}"},
            "results": [_result(judged, root, at)],
            "back-matter": {"resources": [_policy(judged, root)]},
        }
    }


def _policy(judged: Judged, root: UUID) -> dict:
    """The policy, which stands in the pack beside this file."""
    policy = judged.policy
    return {
        "uuid": _id(root, "policy"),
        "title": policy.title.en,
        "description": _ENGLISH.of("oscal", "policy"),
        "rlinks": [
            {
                "href": "policy.json",
                "media-type": "application/json",
                "hashes": [{"algorithm": "SHA-256", "value": policy.digest}],
            }
        ],
        "remarks": f"{policy.title.zh_hant}\n\n{_CHINESE.of('oscal', 'policy')}",
    }


def _result(judged: Judged, root: UUID, at: str) -> dict:
    by_control: dict[str, list[ControlResult]] = {}
    for result in judged.results:
        by_control.setdefault(result.control_id, []).append(result)
    known = {c.id: c for c in judged.policy.controls}
    return {
        "uuid": _id(root, "result"),
        "title": _ENGLISH.of("oscal", "result"),
        "description": _ENGLISH.of("oscal", "result_text"),
        "start": judged.draft.evaluated_at.isoformat(),
        "end": at,
        "props": [
            _prop("risk-tier", judged.draft.tier),
            _prop("risk-score", judged.draft.score),
            _prop("state", judged.record.state),
            _prop("gate", "open" if judged.open else "shut"),
        ],
        "reviewed-controls": {
            "control-selections": [{"include-controls": [{"control-id": control_id} for control_id in by_control]}]
        },
        "observations": [_observation(root, known[r.control_id], r, at) for r in judged.results],
        "findings": [_finding(root, known[c], results) for c, results in by_control.items()],
        "remarks": f"{_CHINESE.of('oscal', 'result')}\n\n{_CHINESE.of('oscal', 'result_text')}",
    }


def _observation(root: UUID, control: Control, result: ControlResult, at: str) -> dict:
    props = {"metric": result.metric, "value": result.value, "low": result.low, "high": result.high,
             "cases": result.cases, "limit": result.limit, "outcome": result.outcome}  # fmt: skip
    return {
        "uuid": _id(root, "observation", control.id, result.metric),
        "title": f"{control.id}: {_named(_ENGLISH, control, result)}",
        "description": naming.detail(_ENGLISH, result) or _named(_ENGLISH, control, result),
        "methods": [_METHODS[control.evidence]],
        "collected": result.measured_at.isoformat() if result.measured_at else at,
        "props": [_prop(name, value) for name, value in props.items() if value is not None],
        "remarks": "\n\n".join(filter(None, (_named(_CHINESE, control, result), naming.detail(_CHINESE, result)))),
    }


def _named(words: Words, control: Control, result: ControlResult) -> str:
    return naming.named(words, result.metric) if result.metric else words.pick(control.text)


def _finding(root: UUID, control: Control, results: list[ControlResult]) -> dict:
    outcome = worst(r.outcome for r in results)
    passed = outcome is ControlOutcome.PASS
    reason = "pass" if passed else "fail" if outcome is ControlOutcome.FAIL else "other"
    return {
        "uuid": _id(root, "finding", control.id),
        "title": control.text.en,
        "description": _outcome(_ENGLISH, control, outcome, results),
        "props": [_prop("outcome", outcome)],
        "target": {
            "type": "objective-id",
            "target-id": control.id,
            "status": {"state": "satisfied" if passed else "not-satisfied", "reason": reason},
        },
        "related-observations": [{"observation-uuid": _id(root, "observation", control.id, r.metric)} for r in results],
        "remarks": f"{control.text.zh_hant}\n\n{_outcome(_CHINESE, control, outcome, results)}",
    }


def _outcome(words: Words, control: Control, outcome: ControlOutcome | None, results: list[ControlResult]) -> str:
    """The outcome, then each figure with its own outcome and limit."""
    lines = [
        words.filled("oscal", "figure", name=_named(words, control, r), outcome=words.of("outcomes", r.outcome),
                     limit=naming.limit(words, r.limit))
        for r in results
    ]  # fmt: skip
    return "\n\n".join([words.of("outcomes", outcome), *lines])


def _prop(name: str, value: object) -> dict:
    return {"name": name, "ns": NAMESPACE, "value": str(value).strip()}


def _root(judged: Judged) -> UUID:
    return uuid5(NAMESPACE_URL, f"{NAMESPACE}:{judged.draft.subject_digest}:{judged.at.isoformat()}")


def _id(root: UUID, *parts: object) -> str:
    return str(uuid5(root, ":".join(map(str, parts))))
