"""What of all transfers a rule lets a walk see: the latest of an account, a window."""

from cleanroom.moneyflow.reference import Direction, WalkRule
from tests.factories.drawing import at
from tests.spec.moneyflow.cases.form import Case, Clause, Words

LATEST = Clause(
    "latest",
    Words("Only the latest transfers", "只看最近幾筆"),
    Words(
        "Where the rule keeps the n latest, only those of an account's transfers in the walk's direction inside the"
        " window are looked at, chosen before any comparison with the arrival; of one moment the greater id is later."
        " Accounts that were passed and have more are named as truncated.",
        "規則限最近 n 筆時，只看帳戶於行進方向、時間窗內最近 n 筆，先選取、再與到達時刻比較；"
        "同一時刻以交易編號大者為較近。經穿越而超過 n 筆之帳戶，予以指明為截斷。",
    ),
    (
        Case(
            Words("Only the latest are looked at, and the account is named", "只看最近者，並指明帳戶"),
            """
            W -> A  09:00
            A -> B  10:00
            A -> C  11:00
            A -> D  12:00""",
            """
            A 1 09:00 W: t1
            C 2 11:00 W: t1 t3
            D 2 12:00 W: t1 t4
            truncated: A""",
            rule=WalkRule(keep_latest=2),
        ),
        Case(
            Words("They are chosen before the arrival is looked at", "先選取、再看到達時刻"),
            """
            U -> A  07:00
            V -> A  10:00
            A -> W  09:00""",
            """
            A 1 09:00 W: t3
            truncated: A""",
            starts="W 23:00",
            rule=WalkRule(keep_latest=1, direction=Direction.BACKWARD),
        ),
        Case(
            Words("Of one moment the greater id is kept", "同一時刻留交易編號大者"),
            """
            x: W -> A  09:00
            y: W -> B  09:00""",
            """
            B 1 09:00 W: y
            truncated: W""",
            rule=WalkRule(keep_latest=1),
        ),
        Case(
            Words("Backward the latest that came in are kept", "向後留最近匯入者"),
            """
            U -> A  07:00
            V -> A  08:00
            A -> W  09:00""",
            """
            A 1 09:00 W: t3
            V 2 08:00 W: t3 t2
            truncated: A""",
            starts="W 23:00",
            rule=WalkRule(keep_latest=1, direction=Direction.BACKWARD),
        ),
        Case(
            Words("Who was not passed is not named", "未經穿越者不指明"),
            """
            W -> A  09:00
            A -> B  10:00
            A -> C  11:00
            X -> S  09:00
            X -> S  09:01""",
            "A 1 09:00 W: t1",
            rule=WalkRule(layers=1, keep_latest=1),
        ),
        Case(
            Words("A hub is not passed, so it is not named as truncated", "樞紐未經穿越，故不指明為截斷"),
            """
            W -> S  09:00
            S -> A  10:00
            S -> B  11:00""",
            """
            S 1 09:00 W: t1
            hub: S""",
            rule=WalkRule(keep_latest=1, hub_limit=2),
        ),
    ),
)

WINDOW = Clause(
    "window",
    Words("Window", "時間窗"),
    Words(
        "Transfers at the ends of the window or outside it do not exist.",
        "時間窗兩端及其外之交易視為不存在。",
    ),
    (
        Case(
            Words("Nothing at or after the end is known", "結束時刻及其後一概不知"),
            """
            W -> A  11:59:59
            W -> B  12:00
            A -> C  12:30""",
            "A 1 11:59:59 W: t1",
            rule=WalkRule(before=at("12:00")),
        ),
        Case(
            Words("Nothing at or before the beginning is known", "開始時刻及其前一概不知"),
            """
            W -> A  09:00
            W -> B  09:00:01
            B -> C  10:00""",
            """
            B 1 09:00:01 W: t2
            C 2 10:00 W: t2 t3""",
            rule=WalkRule(after=at("09:00")),
        ),
        Case(
            Words("Backward too the window is closed off at both ends", "向後亦然"),
            """
            U -> A  08:00
            V -> A  08:01
            A -> W  09:00
            B -> W  10:00""",
            """
            A 1 09:00 W: t3
            V 2 08:01 W: t3 t2""",
            starts="W 23:00",
            rule=WalkRule(after=at("08:00"), before=at("10:00"), direction=Direction.BACKWARD),
        ),
    ),
)
