"""Order: what a step is, and what goes first."""

from cleanroom.moneyflow.reference import Direction, WalkRule
from tests.spec.moneyflow.cases.form import Case, Clause, Words

STEPS = Clause(
    "steps",
    Words("Transfers and their order", "交易與順序"),
    Words(
        "A transfer leads from its sender to its receiver; a transfer to oneself is one like others, a reversed one is"
        " none. Transfers are ordered by time, then by id.",
        "交易由付款帳戶通往收款帳戶；轉給自己亦為交易，已沖正者不算。先依時間、再依交易編號排序。",
    ),
    (
        Case(
            Words("A transfer to oneself is a step", "轉給自己也是一步"),
            """
            W -> A  09:00
            A -> A  09:10
            A -> B  09:20""",
            """
            A 1 09:00 W: t1
            A 2 09:10 W: t1 t2
            B 2 09:20 W: t1 t3
            B 3 09:20 W: t1 t2 t3""",
        ),
        Case(
            Words("A reversed transfer leads nowhere", "已沖正的交易不通往任何帳戶"),
            """
            W -> A  09:00 reversed
            W -> B  09:00""",
            "B 1 09:00 W: t2",
        ),
        Case(
            Words("Of two transfers at one moment the lesser id counts", "同一時刻，交易編號小者為準"),
            """
            z: W -> A  09:00
            b: V -> A  09:00
            c: U -> A  09:00""",
            "A 1 09:00 V: b",
            starts="""
            W 00:00
            V 00:00
            U 00:00""",
        ),
    ),
)

DIRECTIONS = Clause(
    "directions",
    Words("Forward, backward, both", "向前、向後、雙向"),
    Words(
        "Forward follows the money, backward asks who paid in: from receiver to sender and back in time. First means"
        " first along the walk. Both are two answers side by side; no walk turns round.",
        "向前追金流去處；向後查誰匯入，由收款者至付款者、時間倒推。所謂最先，依行進方向而言。雙向為兩個並列答案，路徑不折返。",
    ),
    (
        Case(
            Words("Backward finds who paid in", "向後找出匯入者"),
            """
            V -> A  09:00
            A -> W  09:10
            U -> A  09:20""",
            """
            A 1 09:10 W: t2
            V 2 09:00 W: t2 t1""",
            starts="W 23:00",
            rule=WalkRule(direction=Direction.BACKWARD),
        ),
        Case(
            Words("Backward the last arrival counts", "向後以最晚者為準"),
            """
            A -> W  09:00
            A -> W  10:00
            V -> A  09:30""",
            """
            A 1 10:00 W: t2
            V 2 09:30 W: t2 t3""",
            starts="W 23:00",
            rule=WalkRule(direction=Direction.BACKWARD),
        ),
        Case(
            Words("Backward too the lesser id counts at one moment", "向後時，同一時刻仍以交易編號小者為準"),
            """
            y: A -> W  09:00
            x: A -> W  09:00""",
            "A 1 09:00 W: x",
            starts="W 23:00",
            rule=WalkRule(direction=Direction.BACKWARD),
        ),
        Case(
            Words("Both directions side by side, and no walk turns round", "雙向並列，路徑不折返"),
            """
            V -> W  09:00
            V -> X  09:10
            W -> A  13:00
            Y -> A  12:30""",
            """
            forward:
            A 1 13:00 W: t3
            backward:
            V 1 09:00 W: t1""",
            starts="W 12:00",
            rule=WalkRule(direction=Direction.BOTH),
        ),
    ),
)
