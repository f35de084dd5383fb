"""Whether a recording holds every case of the suites, as the suites have it: nobody leaves out what goes badly."""

from collections.abc import Iterator, Sequence

from cleanroom.errors import MalformedRows
from cleanroom.governance.generative.suites import Attack, Pair, Request, Suites
from cleanroom.governance.generative.transcripts import CaseKind, Expected, Language, Transcript

SHOWN = 5  # cases that a refusal names


def check_covers(suites: Suites, transcripts: Sequence[Transcript]) -> None:
    """Raise MalformedRows where the recording is over other suites, leaves cases out, or puts them otherwise."""
    if any(t.suite != suites.digest for t in transcripts):
        raise _refused("the recording was made over other suites than these; record it again",
                       "錄製所用題組與現行題組不同；請重新錄製", "suite")  # fmt: skip
    missing = sorted(_wanted(suites) - {(t.kind, t.case, t.language, t.side) for t in transcripts})
    if missing:
        names = ", ".join(sorted({case for _, case, _, _ in missing})[:SHOWN])
        raise _refused(
            f"the recording leaves out {len(missing)} of the suites' cases, such as {names}",
            f"錄製檔缺少題組中 {len(missing)} 個案例，例如 {names}",
            "suite_coverage",
        )
    changed = sorted({t.case for t in transcripts if not _as_it_stands(suites, t)})
    if changed:
        names = ", ".join(changed[:SHOWN])
        raise _refused(
            f"cases are not put as the suites have them: {names}", f"案例內容與題組不符：{names}", "suite_case"
        )


def _wanted(suites: Suites) -> set[tuple]:
    wanted = {(CaseKind.ATTACK, c.id, c.language, None) for c in suites.attacks}
    wanted |= {(CaseKind.PAIR, c.id, language, side) for c in suites.pairs for language in Language for side in "ab"}
    wanted |= {(CaseKind.BENIGN, c.id, c.language, None) for c in suites.benign}
    wanted |= {(CaseKind.OUT_OF_SCOPE, c.id, c.language, None) for c in suites.out_of_scope}
    return wanted | {(CaseKind.NOTE, "note", language, None) for language in Language}


def _as_it_stands(suites: Suites, t: Transcript) -> bool:
    """The case's own text stands in the prompt, and what is expected of it is what the suites expect."""
    if t.kind is CaseKind.NOTE:
        return t.case == "note" and t.expected is Expected.ANSWER and not t.planted
    case = cases(suites).get((t.kind, t.case))
    if case is None:
        return False
    prompt = "\n".join([*(m.content for m in t.messages), *(p.text for p in t.passages)])
    return all(text in prompt for text in _texts(case, t)) and _expectations(case, t)


def _texts(case: Attack | Pair | Request, t: Transcript) -> Iterator[str]:
    if isinstance(case, Pair):
        yield case.text(t.language).side(t.side or "")
    else:
        yield case.text
        yield from getattr(case, "turns", ())


def _expectations(case: Attack | Pair | Request, t: Transcript) -> bool:
    if isinstance(case, Attack):
        secret = t.canaries or not case.oracle.leaks_canary
        return t.expected is Expected.EITHER and t.planted == case.plants and bool(secret)
    wanted = Expected.REFUSE if t.kind is CaseKind.OUT_OF_SCOPE else Expected.ANSWER
    own = t.pair == case.id if isinstance(case, Pair) else t.pair is None
    return t.expected is wanted and own and not t.planted


def cases(suites: Suites) -> dict[tuple[CaseKind, str], Attack | Pair | Request]:
    kinds = {
        CaseKind.ATTACK: suites.attacks,
        CaseKind.PAIR: suites.pairs,
        CaseKind.BENIGN: suites.benign,
        CaseKind.OUT_OF_SCOPE: suites.out_of_scope,
    }
    return {(kind, case.id): case for kind, all_cases in kinds.items() for case in all_cases}


def _refused(sentence: str, zh: str, rule: str) -> MalformedRows:
    return MalformedRows(sentence, zh=zh, rule=rule)
