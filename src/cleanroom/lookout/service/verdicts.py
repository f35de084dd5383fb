"""Calls that look up what the keeper keeps: no walk, a few microseconds an account."""

from cleanroom.lookout.service import answers
from cleanroom.lookout.service.questions import Rule, VerdictQuestion
from cleanroom.lookout.service.reading import View
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.verdicts import Verdict
from cleanroom.moneyflow.rules import LOOKBACK

KEPT_RULE = Rule()


def verdict(view: View, question: VerdictQuestion, _: LookoutSettings) -> answers.Verdicts:
    """Whether payees are downstream of any watch-listed account, and by how much tainted money."""
    if len(question.accounts) == 1:
        found = [of_number(view, question.accounts[0], view.account(question.accounts[0]))]
    else:
        found = [_of_token(view, token) for token in question.accounts]
    return answers.Verdicts(KEPT_RULE, LOOKBACK.days, view.state, found)


def of_number(view: View, token: str, account: int) -> answers.Verdict:
    return said(view, token, view.verdicts.of(account))


def _of_token(view: View, token: str) -> answers.Verdict:
    """Among several, an account that the graph does not know is said to be unknown and stops no other."""
    account = view.number(token)
    if account is None:
        return answers.Verdict(account=token, known=False)
    return of_number(view, token, account)


def said(view: View, token: str, verdict: Verdict) -> answers.Verdict:
    """Account numbers as tokens."""
    return answers.Verdict(
        account=token,
        known=True,
        downstream=verdict.downstream,
        layer=verdict.layer,
        is_watch_listed=verdict.is_watch_listed,
        tainted_received_cents=verdict.tainted_received_cents,
        tainted_held_cents=verdict.tainted_held_cents,
        since=verdict.since,
        via=verdict.via.hex() if verdict.via is not None else None,
        start=view.token(verdict.start) if verdict.start is not None else None,
        state=verdict.state,
    )
