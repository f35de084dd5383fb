"""Layers in order of time, and the beginning of walks."""

from cleanroom.moneyflow.reference import Direction, WalkRule
from tests.spec.moneyflow.cases.form import Case, Clause, Words

BEGINNINGS = Clause(
    "beginnings",
    Words("Where walks begin", "路徑起點"),
    Words(
        "Walks begin at start accounts. Each has its own moment, and the first transfer is strictly after it; backward"
        " strictly before it.",
        "路徑自起點帳戶開始，各有起始時刻；第一筆交易須嚴格晚於該時刻，向後則嚴格早於該時刻。",
    ),
    (
        Case(
            Words("The first transfer is strictly after the beginning", "第一筆交易須嚴格晚於起始時刻"),
            """
            W -> A  09:00
            W -> B  09:00:01""",
            "B 1 09:00:01 W: t2",
            starts="W 09:00",
        ),
        Case(
            Words("Backward it is strictly before", "向後則須嚴格早於起始時刻"),
            """
            A -> W  08:59:59
            B -> W  09:00""",
            "A 1 08:59:59 W: t1",
            starts="W 09:00",
            rule=WalkRule(direction=Direction.BACKWARD),
        ),
        Case(
            Words("Each start has its own moment", "各起點各有時刻"),
            """
            W -> A  10:00
            V -> A  09:30
            V -> B  11:30""",
            """
            A 1 10:00 W: t1
            B 1 11:30 V: t3""",
            starts="""
            W 09:00
            V 11:00""",
        ),
        Case(
            Words("A start that nothing leaves stands alone", "無交易流出之起點獨自存在"),
            "A -> B  09:00",
            "",
        ),
    ),
)

TIME = Clause(
    "time",
    Words("Layers in order of time", "依時間順序之層"),
    Words(
        "Each transfer happens strictly after the one before it on the walk. Layer k holds what walks of exactly k"
        " steps get to. Of several arrivals of an account at one layer the first counts; the first arrival that a"
        " transfer can continue explains it. An account may stand at several layers; the nearest is its layer. No walk"
        " is longer than the rule's layers, six at most.",
        "每筆交易須嚴格晚於前一筆。第 k 層為恰好 k 步可達之帳戶；同帳戶同層以最先到達者為準，"
        "交易以其可接續之最先到達為來由。帳戶可在數層，最近者為其層。層數依規則，至多六層。",
    ),
    (
        Case(
            Words("An account may stand at several layers, and keeps its nearest", "帳戶可在數層，以最近者為其層"),
            """
            W -> A  09:00
            W -> B  09:05
            A -> B  09:10""",
            """
            A 1 09:00 W: t1
            B 1 09:05 W: t2
            B 2 09:10 W: t1 t3""",
        ),
        Case(
            Words("Money that left before it came leads nowhere", "先出後入者不相連"),
            """
            A -> B  08:59
            W -> A  09:00""",
            "A 1 09:00 W: t2",
        ),
        Case(
            Words("The same moment is not after", "同一時刻不算之後"),
            """
            W -> A  09:00
            A -> B  09:00
            A -> C  09:00:01""",
            """
            A 1 09:00 W: t1
            C 2 09:00:01 W: t1 t3""",
        ),
        Case(
            Words("The first arrival counts at each layer", "每層以最先到達者為準"),
            """
            W -> A  09:00
            W -> A  10:00
            A -> B  09:30
            A -> B  10:30""",
            """
            A 1 09:00 W: t1
            B 2 09:30 W: t1 t3""",
        ),
        Case(
            Words("A nearer arrival does not hide an earlier one farther out", "較近之到達不遮蔽較遠而較早之到達"),
            """
            W -> B  12:00
            W -> A  09:00
            A -> B  09:10
            B -> C  10:00""",
            """
            A 1 09:00 W: t2
            B 1 12:00 W: t1
            B 2 09:10 W: t2 t3
            C 3 10:00 W: t2 t3 t4""",
        ),
        Case(
            Words("Money that comes back is followed again", "回流之款項再行追蹤"),
            """
            W -> A  09:00
            A -> W  09:10
            W -> C  09:20""",
            """
            A 1 09:00 W: t1
            C 1 09:20 W: t3
            W 2 09:10 W: t1 t2
            C 3 09:20 W: t1 t2 t3""",
        ),
        Case(
            Words("Six layers and no more", "六層為止"),
            """
            W -> A  09:00
            A -> B  09:01
            B -> C  09:02
            C -> D  09:03
            D -> E  09:04
            E -> F  09:05
            F -> G  09:06""",
            """
            A 1 09:00 W: t1
            B 2 09:01 W: t1 t2
            C 3 09:02 W: t1 t2 t3
            D 4 09:03 W: t1 t2 t3 t4
            E 5 09:04 W: t1 t2 t3 t4 t5
            F 6 09:05 W: t1 t2 t3 t4 t5 t6""",
        ),
        Case(
            Words("The path explains the arrival", "路徑說明到達之來由"),
            """
            W -> A  09:00
            A -> B  09:10
            X -> B  09:05
            B -> C  09:20""",
            """
            A 1 09:00 W: t1
            B 2 09:10 W: t1 t2
            C 3 09:20 W: t1 t2 t4""",
        ),
    ),
)
