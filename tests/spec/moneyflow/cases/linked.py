"""Link steps: past a shared holder, phone, device or platform account."""

from datetime import timedelta

from cleanroom.moneyflow.reference import Direction, WalkRule
from tests.factories.drawing import at
from tests.spec.moneyflow.cases.form import Case, Clause, Words

LINKED = Clause(
    "links",
    Words("Link steps", "關聯步"),
    Words(
        "From an account a walk can pass to another that shares a holder, phone, device or platform account: one step,"
        " one layer, and the moment of arrival stays. Both must have held it by then; an identifier of more accounts"
        " than the limit links nobody; no two link steps follow each other.",
        "共用持有人、電話、裝置或平台帳號之帳戶可互通：計一步一層，到達時刻不變。雙方須於該時刻前已持有；"
        "帳戶數超過上限之識別碼不作關聯；關聯步不得連續。",
    ),
    (
        Case(
            Words("A shared phone is a step that takes no time", "共用電話為不耗時之一步"),
            """
            W -> A  09:00
            B -> C  09:30""",
            """
            A 1 09:00 W: t1
            B 2 09:00 W: t1 0911
            C 3 09:30 W: t1 0911 t2""",
            ties="""
            A phone 0911
            B phone 0911""",
        ),
        Case(
            Words(
                "A tie that begins later does not link, a later arrival does", "關聯始於到達之後者不通，較晚之到達則通"
            ),
            """
            W -> A  09:00
            W -> A  11:00
            B -> C  10:30
            B -> D  11:30""",
            """
            A 1 09:00 W: t1
            B 2 11:00 W: t2 0911
            D 3 11:30 W: t2 0911 t4""",
            ties="""
            A phone 0911
            B phone 0911 10:00""",
        ),
        Case(
            Words("A tie that begins at the very moment of the arrival links", "關聯恰始於到達時刻者相通"),
            "W -> A  09:00",
            """
            A 1 09:00 W: t1
            B 2 09:00 W: t1 0911""",
            ties="""
            A phone 0911 09:00
            B phone 0911
            A device d7 09:00:01
            C device d7""",
        ),
        Case(
            Words("No two link steps follow each other", "關聯步不得連續"),
            """
            W -> A  09:00
            B -> X  08:00""",
            """
            A 1 09:00 W: t1
            B 2 09:00 W: t1 0911""",
            ties="""
            A phone 0911
            B phone 0911
            B device d7
            C device d7""",
        ),
        Case(
            Words("An identifier of too many accounts links nobody", "帳戶過多之識別碼不作關聯"),
            "W -> A  09:00",
            "A 1 09:00 W: t1",
            ties="""
            A phone 0911
            B phone 0911
            C phone 0911""",
            link_limit=2,
        ),
        Case(
            Words(
                "A tie that begins at or after the end is not known, and makes nothing too wide",
                "時間窗結束後始有之關聯不算，亦不計入帳戶數",
            ),
            "W -> A  09:00",
            """
            A 1 09:00 W: t1
            B 2 09:00 W: t1 0911""",
            ties="""
            A phone 0911
            B phone 0911
            C phone 0911 12:00""",
            link_limit=2,
            rule=WalkRule(before=at("12:00")),
        ),
        Case(
            Words(
                "A walk may begin with a link step; its first transfer is still the first",
                "路徑可始於關聯步，其後之交易仍為第一筆",
            ),
            "B -> C  day 9 09:00",
            """
            B 1 00:00 W: h1
            C 2 day 9 09:00 W: h1 t1""",
            ties="""
            W holder h1
            B holder h1""",
            rule=WalkRule(max_delay=timedelta(hours=1)),
        ),
        Case(
            Words("The start's own ties count from the beginning of its walks", "起點之關聯自起始時刻計"),
            "B -> C  09:00",
            """
            B 1 08:00 W: h1
            C 2 09:00 W: h1 t1""",
            starts="W 08:00",
            ties="""
            W holder h1
            B holder h1
            W phone 0911 08:00:01
            D phone 0911""",
        ),
        Case(
            Words("The delay is counted from the arrival before the link step", "時限自關聯步之前的到達起算"),
            """
            W -> A  09:00
            B -> C  10:00
            B -> D  10:01""",
            """
            A 1 09:00 W: t1
            B 2 09:00 W: t1 0911
            C 3 10:00 W: t1 0911 t2""",
            ties="""
            A phone 0911
            B phone 0911""",
            rule=WalkRule(max_delay=timedelta(hours=1)),
        ),
        Case(
            Words("A hub is not left by a link step either", "樞紐亦不得經關聯步離開"),
            """
            W -> S  09:00
            X -> S  08:00""",
            """
            S 1 09:00 W: t1
            hub: S""",
            ties="""
            S holder h1
            B holder h1""",
            rule=WalkRule(hub_limit=1),
        ),
        Case(
            Words("Backward the tie must have begun by the arrival as well", "向後時關聯亦須始於到達之前"),
            """
            U -> B  08:00
            A -> W  09:00""",
            """
            A 1 09:00 W: t2
            B 2 09:00 W: t2 d7
            U 3 08:00 W: t2 d7 t1""",
            ties="""
            A device d7 08:30
            B device d7
            A phone 0911 09:01
            C phone 0911""",
            starts="W 23:00",
            rule=WalkRule(direction=Direction.BACKWARD),
        ),
        Case(
            Words("At one moment a transfer comes before a link step", "同一時刻，交易先於關聯步"),
            """
            W -> A  09:00
            W -> C  08:30
            C -> B  09:00""",
            """
            A 1 09:00 W: t1
            C 1 08:30 W: t2
            B 2 09:00 W: t2 t3
            A 3 09:00 W: t2 t3 0911""",
            ties="""
            A phone 0911
            B phone 0911""",
        ),
    ),
)
