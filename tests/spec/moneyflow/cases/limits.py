"""What a rule may hold a walk to: a delay, hubs."""

from datetime import timedelta

from cleanroom.moneyflow.reference import Direction, WalkRule
from tests.factories.drawing import at
from tests.spec.moneyflow.cases.form import Case, Clause, Words

HOUR = timedelta(hours=1)

DELAY = Clause(
    "delay",
    Words("Delay", "停留時限"),
    Words(
        "With a delay, each transfer also happens at most that long after the arrival that it continues. The first"
        " transfer of a walk continues none, and no delay binds it. A later arrival may lead on where the first one is"
        " too old.",
        "設停留時限時，每筆交易距其接續之到達不得超過該時限；路徑之第一筆不接續任何到達，不受限。最先之到達已逾時限者，較晚之到達仍可續行。",
    ),
    (
        Case(
            Words("Just within the delay leads on, beyond it does not", "恰在時限內可續行，逾時不可"),
            """
            W -> A  09:00
            A -> B  10:00
            A -> C  10:00:01""",
            """
            A 1 09:00 W: t1
            B 2 10:00 W: t1 t2""",
            rule=WalkRule(max_delay=HOUR),
        ),
        Case(
            Words("No delay binds the first transfer", "第一筆交易不受時限"),
            """
            W -> A  day 9 09:00
            A -> B  day 9 09:30""",
            """
            A 1 day 9 09:00 W: t1
            B 2 day 9 09:30 W: t1 t2""",
            rule=WalkRule(max_delay=HOUR),
        ),
        Case(
            Words("A later arrival leads on where the first is too old", "最先之到達逾時者，由較晚之到達續行"),
            """
            W -> A  09:00
            W -> A  12:00
            A -> B  12:30""",
            """
            A 1 09:00 W: t1
            B 2 12:30 W: t2 t3""",
            rule=WalkRule(max_delay=HOUR),
        ),
        Case(
            Words("Of the arrivals within the delay the first explains", "時限內之到達，以最先者為來由"),
            """
            W -> A  09:00
            W -> A  10:00
            V -> A  10:15
            A -> B  10:45""",
            """
            A 1 09:00 W: t1
            B 2 10:45 W: t2 t4""",
            starts="""
            W 00:00
            V 00:00""",
            rule=WalkRule(max_delay=HOUR),
        ),
        Case(
            Words("An arrival that counts for nothing else still carries the walk", "未列為答案之到達仍可承接路徑"),
            """
            W -> A  09:00
            A -> B  09:30
            W -> A  11:00
            A -> B  11:30
            B -> C  12:00""",
            """
            A 1 09:00 W: t1
            B 2 09:30 W: t1 t2
            C 3 12:00 W: t3 t4 t5""",
            rule=WalkRule(max_delay=HOUR),
        ),
        Case(
            Words("Backward the delay counts the other way", "向後時限反向計算"),
            """
            U -> A  07:59
            V -> A  08:00
            A -> W  09:00""",
            """
            A 1 09:00 W: t3
            V 2 08:00 W: t3 t2""",
            starts="W 23:00",
            rule=WalkRule(max_delay=HOUR, direction=Direction.BACKWARD),
        ),
    ),
)

HUBS = Clause(
    "hubs",
    Words("Hubs", "樞紐帳戶"),
    Words(
        "An account with more transfers inside the window than the limit, in and out added up and a transfer to oneself"
        " counted twice, is reached and not passed, and named. A start is passed at layer 0 whatever its number; not"
        " when a walk comes back to it.",
        "時間窗內收付筆數合計（轉給自己算兩筆）超過上限之帳戶，可到達而不穿越，並予指明。"
        "起點在第 0 層一律可出發；路徑回到起點時則不再例外。",
    ),
    (
        Case(
            Words("A hub is reached, named and not passed", "樞紐帳戶可到達、予指明、不穿越"),
            """
            W -> S  09:00
            X -> S  08:00
            S -> A  10:00""",
            """
            S 1 09:00 W: t1
            hub: S""",
            rule=WalkRule(hub_limit=2),
        ),
        Case(
            Words("Just as many transfers as the limit is no hub", "恰等於上限者非樞紐"),
            """
            W -> A  09:00
            A -> B  10:00""",
            """
            A 1 09:00 W: t1
            B 2 10:00 W: t1 t2""",
            rule=WalkRule(hub_limit=2),
        ),
        Case(
            Words("A transfer to oneself counts twice", "轉給自己算兩筆"),
            """
            W -> A  09:00
            A -> A  09:10
            A -> B  10:00""",
            """
            A 1 09:00 W: t1
            hub: A""",
            rule=WalkRule(hub_limit=3),
        ),
        Case(
            Words(
                "A start is passed whatever its number, but not when reached again", "起點一律可出發，再度到達時不例外"
            ),
            """
            W -> A  09:00
            W -> B  09:05
            A -> W  09:10
            W -> C  09:20""",
            """
            A 1 09:00 W: t1
            B 1 09:05 W: t2
            C 1 09:20 W: t4
            W 2 09:10 W: t1 t3
            hub: W""",
            rule=WalkRule(hub_limit=2),
        ),
        Case(
            Words(
                "At the last layer nothing would have been passed, and no hub is named",
                "最後一層無穿越可言，不指明樞紐",
            ),
            """
            W -> S  09:00
            X -> S  08:00
            S -> A  10:00""",
            "S 1 09:00 W: t1",
            rule=WalkRule(layers=1, hub_limit=2),
        ),
        Case(
            Words("Only transfers inside the window make a hub", "只計時間窗內之交易"),
            """
            X -> A  day 0 08:00
            W -> A  09:00
            A -> B  10:00""",
            """
            A 1 09:00 W: t2
            B 2 10:00 W: t2 t3""",
            rule=WalkRule(hub_limit=2, after=at("day 1 00:00")),
        ),
        Case(
            Words("What happens after the window's end makes no hub either", "時間窗結束後之交易亦不計"),
            """
            W -> A  09:00
            A -> B  10:00
            A -> C  12:00""",
            """
            A 1 09:00 W: t1
            B 2 10:00 W: t1 t2""",
            rule=WalkRule(hub_limit=2, before=at("12:00")),
        ),
        Case(
            Words("Backward in and out are added up as well", "向後亦收付合計"),
            """
            S -> W  10:00
            S -> X  11:00
            V -> S  09:00""",
            """
            S 1 10:00 W: t1
            hub: S""",
            starts="W 23:00",
            rule=WalkRule(hub_limit=2, direction=Direction.BACKWARD),
        ),
        Case(
            Words("A hub stops a walk with a delay too", "設時限時，樞紐同樣不穿越"),
            """
            W -> A  09:00
            A -> S  09:30
            X -> S  09:10
            S -> B  09:40
            A -> C  09:20
            Y -> S  09:12""",
            """
            A 1 09:00 W: t1
            C 2 09:20 W: t1 t5
            S 2 09:30 W: t1 t2
            hub: S""",
            rule=WalkRule(hub_limit=3, max_delay=HOUR),
        ),
    ),
)
