"""Pictures of cases, as Mermaid's flow charts."""

from collections.abc import Iterable, Mapping

from cleanroom.moneyflow.reference import Transfer
from tests.factories.drawing import Flow, clock, dollars
from tests.spec.moneyflow.cases.form import Case, TaintCase
from tests.spec.moneyflow.engines import Answer


def picture(case: Case, answer: Answer) -> str:
    """Accounts with the layers at which they stand, transfers with their moments, ties as dotted lines."""
    layers = _layers(answer)
    hubs = {account for expansion in answer.values() for account in expansion.hubs}
    tied = [tie.account for tie in case.links.ties] if case.links else []
    nodes = [_node(account, layers.get(account, ""), case.begins, hubs) for account in _accounts(case.flow, tied)]
    ties = [f'  {tie.account} -. "{_since(tie)}" .- {_id(tie)}(["{tie.identifier}"])' for tie in _ties(case)]
    return "\n".join(["flowchart LR", *nodes, *_transfers(case.flow, lambda t: clock(t.executed_at)), *ties])


def taint_picture(case: TaintCase) -> str:
    """Transfers with their moments and sums; listed accounts are round."""
    listed = {one.account: None for one in case.reports}
    nodes = [_node(account, "", listed, ()) for account in _accounts(case.flow, listed)]
    text = _transfers(case.flow, lambda t: f"{clock(t.executed_at)} {dollars(t.amount_cents)}")
    return "\n".join(["flowchart LR", *nodes, *text])


def _layers(answer: Answer) -> dict[str, str]:
    found: dict[str, set[int]] = {}
    for expansion in answer.values():
        for account, layer in expansion.arrivals:
            found.setdefault(account, set()).add(layer)
    return {account: ", ".join(str(layer) for layer in sorted(layers)) for account, layers in found.items()}


def _accounts(flow: Flow, others: Iterable[str]) -> list[str]:
    ends = [account for t in flow.transfers for account in (t.sender, t.receiver)]
    return list(dict.fromkeys([*ends, *others]))


def _node(account: str, layers: str, starts: Mapping[str, object], hubs: Iterable[str]) -> str:
    label = f"{account}<br>{layers}" if layers else account
    if account in hubs:
        return f'  {account}{{{{"{label}"}}}}'
    return f'  {account}(("{label}"))' if account in starts else f'  {account}["{label}"]'


def _transfers(flow: Flow, told) -> list[str]:
    return [_edge(t, told(t), is_reversed=t.transfer_id in flow.reversed_ids) for t in flow.transfers]


def _edge(transfer: Transfer, told: str, *, is_reversed: bool) -> str:
    label = f"{transfer.transfer_id} {told}"
    arrow = f'-. "{label} reversed" .->' if is_reversed else f'-- "{label}" -->'
    return f"  {transfer.sender} {arrow} {transfer.receiver}"


def _ties(case: Case):
    return case.links.ties if case.links else ()


def _id(tie) -> str:
    return f"{tie.kind}_{tie.identifier}"


def _since(tie) -> str:
    return f"{tie.kind} from {clock(tie.held_from)}" if tie.held_from else tie.kind
