"""What an analyst sees first of one account, and who is proposed for release."""

from pathlib import Path

import msgspec

from cleanroom.lookout.service import answers
from cleanroom.lookout.service.expanding import cut_of
from cleanroom.lookout.service.questions import Bounds, RiskQuestion, rule_of
from cleanroom.lookout.service.reading import View
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.service.verdicts import said
from cleanroom.lookout.verdicts.summary import Activity, Nearest, Traffic, risk_summary


def risk(view: View, question: RiskQuestion, _: LookoutSettings) -> answers.Risk:
    """What is known of one account: verdict, traffic, the nearest watch-listed accounts."""
    found = risk_summary(view.graph, view.verdicts, view.account(question.account))
    return answers.Risk(
        account=question.account,
        as_of=found.as_of,
        rule=rule_of(found.rule),
        bounds=Bounds(found.bounds.accounts, found.bounds.transfers, found.bounds.seconds),
        state=view.state,
        cut=next((cut_of(nearest.cut) for nearest in found.nearest if nearest.cut), None),
        verdict=said(view, question.account, found.verdict),
        activity=[_activity(activity) for activity in found.activity],
        nearest=[_nearest(view, nearest) for nearest in found.nearest],
        is_hub=found.is_hub,
        first=found.first,
        last=found.last,
        most_looked_at=found.most_looked_at,
    )


def release_proposals(view: View, _: None, __: LookoutSettings) -> answers.Proposals:
    """Accounts whose only taint came from listings that were lifted."""
    return answers.Proposals(view.state, _kept(view.proposals))


def _kept(folder: Path) -> list[answers.Proposal]:
    found = [msgspec.json.decode(path.read_bytes(), type=answers.Proposal) for path in folder.glob("[!.]*.json")]
    return sorted(found, key=lambda proposal: proposal.at, reverse=True)


def _activity(activity: Activity) -> answers.Activity:
    incoming, outgoing = _traffic(activity.incoming), _traffic(activity.outgoing)
    return answers.Activity(activity.days, incoming, outgoing, activity.pass_through)


def _traffic(traffic: Traffic) -> answers.Traffic:
    return answers.Traffic(traffic.transfers, traffic.counterparties, traffic.cents, traffic.looked_at)


def _nearest(view: View, nearest: Nearest) -> answers.Nearest:
    account = view.token(nearest.account) if nearest.account is not None else None
    cut = cut_of(nearest.cut)
    return answers.Nearest(nearest.way, account, nearest.layer, nearest.at, nearest.looked_at, cut)
