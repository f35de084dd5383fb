"""Layers without order of time."""

from cleanroom.moneyflow.reference import Direction, WalkRule
from tests.factories.drawing import at
from tests.spec.moneyflow.cases.form import Case, Clause, Words

PLAIN = Clause(
    "plain",
    Words("Layers without order of time", "不論時序之層"),
    Words(
        "Order plays no part, and no moment at which walks begin: only the window. An account stands once, at the least"
        " number of transfers; of those that reach it from the layer before, the first along the walk explains it.",
        "不論先後，亦不論起始時刻，只看時間窗。帳戶只在最少交易數之層出現一次；由前一層到達之交易中，依行進方向最先者為來由。",
    ),
    (
        Case(
            Words("Order plays no part", "先後無關"),
            """
            A -> B  08:00
            W -> A  09:00""",
            """
            A 1 09:00 W: t2
            B 2 08:00 W: t2 t1""",
            rule=WalkRule(in_time=False),
        ),
        Case(
            Words("An account stands once, at its nearest layer", "帳戶只在最近之層出現一次"),
            """
            W -> A  09:00
            W -> B  09:05
            A -> B  09:10
            B -> W  09:20""",
            """
            A 1 09:00 W: t1
            B 1 09:05 W: t2""",
            rule=WalkRule(in_time=False),
        ),
        Case(
            Words("The first transfer from the layer before explains it", "由前一層最先到達之交易為來由"),
            """
            W -> A  09:00
            W -> B  09:00
            A -> C  11:00
            B -> C  10:00
            X -> C  08:00""",
            """
            A 1 09:00 W: t1
            B 1 09:00 W: t2
            C 2 10:00 W: t2 t4""",
            rule=WalkRule(in_time=False),
        ),
        Case(
            Words("Backward the last transfer from the layer before explains it", "向後以前一層最晚之交易為來由"),
            """
            A -> W  09:00
            A -> W  10:00
            B -> A  11:00""",
            """
            A 1 10:00 W: t2
            B 2 11:00 W: t2 t3""",
            rule=WalkRule(in_time=False, direction=Direction.BACKWARD),
        ),
        Case(
            Words(
                "Without order of time too the lesser id counts at one moment",
                "不論時序時，同一時刻亦以交易編號小者為準",
            ),
            """
            z: W -> A  09:00
            b: V -> A  09:00
            c: U -> A  09:00
            d: T -> A  09:00""",
            "A 1 09:00 V: b",
            starts="""
            W 00:00
            V 00:00
            U 00:00
            T 00:00""",
            rule=WalkRule(in_time=False),
        ),
        Case(
            Words("The beginning of walks plays no part, the window does", "起始時刻無關，時間窗有關"),
            """
            W -> A  08:00
            W -> B  07:00
            A -> C  12:00""",
            "A 1 08:00 W: t1",
            starts="W 09:00",
            rule=WalkRule(in_time=False, after=at("07:00"), before=at("12:00")),
        ),
        Case(
            Words("A hub is reached and not passed", "樞紐帳戶可到達而不穿越"),
            """
            W -> S  09:00
            X -> S  08:00
            S -> A  10:00""",
            """
            S 1 09:00 W: t1
            hub: S""",
            rule=WalkRule(in_time=False, hub_limit=2),
        ),
        Case(
            Words("Only the latest transfers of an account are looked at", "只看帳戶最近幾筆"),
            """
            W -> A  09:00
            A -> B  10:00
            A -> C  11:00""",
            """
            A 1 09:00 W: t1
            C 2 11:00 W: t1 t3
            truncated: A""",
            rule=WalkRule(in_time=False, keep_latest=1),
        ),
    ),
)
