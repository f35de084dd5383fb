"""Who may be let go when a watch-listing is lifted."""

from collections.abc import Collection, Sequence

from cleanroom.moneyflow.reference.reported import Injection
from cleanroom.moneyflow.reference.taint import follow
from cleanroom.moneyflow.reference.transfers import Transfer
from cleanroom.moneyflow.rules import TaintMethod


def proposed_for_release(
    transfers: Sequence[Transfer], injections: Sequence[Injection], lifted: Collection[str], method: TaintMethod
) -> frozenset[str]:
    """Accounts to which tainted money had come, and none without the lifted cases. `lifted`: names of cases.

    It does not matter whether the money is still there: who passed it on was suspected because it came.
    """
    before = follow(transfers, injections, method).received
    standing = [injection for injection in injections if injection.case not in lifted]
    return frozenset(before.keys() - follow(transfers, standing, method).received.keys())
