"""The meaning of money flow, clause by clause, each shown by cases. docs/layers.md is made from them."""

from tests.spec.moneyflow.cases.limits import DELAY, HUBS
from tests.spec.moneyflow.cases.linked import LINKED
from tests.spec.moneyflow.cases.order import DIRECTIONS, STEPS
from tests.spec.moneyflow.cases.plain import PLAIN
from tests.spec.moneyflow.cases.sight import LATEST, WINDOW
from tests.spec.moneyflow.cases.tainted import BALANCES, RELEASE
from tests.spec.moneyflow.cases.time import BEGINNINGS, TIME

CLAUSES = (
    STEPS,
    DIRECTIONS,
    BEGINNINGS,
    TIME,
    WINDOW,
    DELAY,
    HUBS,
    LATEST,
    PLAIN,
    LINKED,
    BALANCES,
    RELEASE,
)
