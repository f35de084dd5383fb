"""`cleanroom evaluate`: how well each method finds the accounts of known patterns, with joined records and without.

Ranked are the participants' accounts that nobody has watch-listed by the latest cut-off. The truth judges and nothing
else: no method sees it. In the own view every institution ranks its own accounts from its own records and listings;
the rankings become one list by the share of its accounts that each has above: an institution with twice the accounts
puts forward twice as many.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cleanroom.errors import NothingToDo, Where
from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.ranking import RESAMPLES, Judged, figures, judged
from cleanroom.pipeline.evaluation import read_truth
from cleanroom.pipeline.rehearsal.clear_landing import account_tokens
from cleanroom.pipeline.rehearsal.views import Say, Views, build_views
from cleanroom.scoring.backtest import ranks
from cleanroom.scoring.methods import Method, Ranking, rank
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.vocabulary.both import Both

INTERVALS = f"95 %, percentile bootstrap over patterns, {RESAMPLES} draws"
OWN_LIST = "each institution ranks its own accounts; merged by the share of its accounts that rank above"


def evaluate_detection(
    data: Path,
    truth: Path,
    *,
    say: Say,
    undecided: Collection[str] = (),
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document that docs/detection.md describes. `undecided`: canonical accounts that count neither as right nor as
    wrong. Raises the refusals of `build_views` and of the truth's form, NothingToDo where the truth names none of the
    accounts."""
    patterns = truth_by_token(truth)  # refused now, not after everything was built
    views = build_views(data, say=say, variables=variables)
    known = _rankable(views.joint[-1], patterns, truth, set(account_tokens(undecided)))
    say(Both("rules, model without graph, model; intervals", "規則、無圖特徵模型、模型及其區間"))
    methods = {str(method): _by_view(method, views, known) for method in Method}
    return {**_facts(views, patterns, known), "methods": methods}


def truth_by_token(path: Path) -> Truth:
    """Account token -> its patterns, each once. Raises MalformedRows, NothingToDo for a truth without rows."""
    clear, patterns = read_truth(path)
    if not clear:
        raise NothingToDo(
            "the truth holds no row, so there is nothing to judge by",
            zh="真實答案無任何資料列，無從檢驗",
            where=Where(file=path.name),
        )
    found: dict[str, list[dict[str, str]]] = {}
    for token, pattern in zip(account_tokens(clear), patterns, strict=True):
        if pattern not in found.setdefault(token, []):
            found[token].append(pattern)
    return found


def _rankable(latest: Snapshot, truth: Truth, path: Path, undecided: set[str]) -> Judged:
    known = judged(set(latest.texts("account_token")[latest.unlisted].tolist()) - undecided, truth)
    if not known.of_pattern.any():
        raise NothingToDo(
            "the truth names no account that an institution of this folder keeps and that is not watch-listed yet; "
            "are institution and account written as in the institutions' own files?",
            zh="真實答案未列任何由此資料夾機構開立且尚未警示之帳戶；機構與帳號之寫法是否與各機構檔案相同？",
            where=Where(file=path.name),
        )
    return known


def _by_view(method: Method, views: Views, known: Judged) -> dict[str, dict]:
    latest = views.joint[-1]
    joint = rank(method, latest)
    own = {code: rank(method, history[-1]) for code, history in views.own.items() if history}
    merged = _merged({code: _by_token(views.own[code][-1], own[code]) for code in own}, known)
    scores = _by_token(latest, joint)
    return {
        "joint": _figures(known, [scores[token] for token in known.tokens], {"all": joint}),
        "own": _figures(known, [merged.get(token, -np.inf) for token in known.tokens], own),
    }


def _figures(known: Judged, scores: list[float], rankings: Mapping[str, Ranking]) -> dict:
    """`ranked_by_rules`: whose ranking too few listings left to the rules."""
    by_rules = sorted(who for who, ranking in rankings.items() if not ranking.learned)
    return {**figures(known, np.array(scores)), "ranked_by_rules": by_rules}


def _by_token(snapshot: Snapshot, ranking: Ranking) -> dict[str, float]:
    return dict(zip(snapshot.texts("account_token").tolist(), ranking.scores.tolist(), strict=True))


def _merged(rankings: Mapping[str, Mapping[str, float]], known: Judged) -> dict[str, float]:
    """Account token -> minus the share of its institution's rankable accounts down to it."""
    found: dict[str, float] = {}
    for scores in rankings.values():
        tokens = [token for token in known.tokens if token in scores]
        place = ranks(np.array([scores[token] for token in tokens]))
        found |= {token: -at / len(tokens) for token, at in zip(tokens, place.tolist(), strict=True)}
    return found


def _facts(views: Views, truth: Truth, known: Judged) -> dict[str, Any]:
    latest = views.joint[-1]
    kept = set(latest.texts("account_token").tolist())
    return {
        "cut_off": latest.as_of.isoformat(),
        "institutions": list(views.institutions),
        "accounts": latest.accounts,
        "listed": int(latest.listed.sum()),
        "ranked_accounts": len(known.tokens),
        "truth_accounts": len(truth),
        "truth_accounts_elsewhere": len(set(truth) - kept),
        "truth_accounts_ranked": int(known.of_pattern.sum()),
        "intervals": INTERVALS,
        "own_list": OWN_LIST,
    }
