"""Reported money followed through balances, and who may be let go."""

from tests.spec.moneyflow.cases.form import Clause, TaintCase, Words

BALANCES = Clause(
    "taint",
    Words("Taint", "贓款追蹤"),
    Words(
        "Transfers move balances in their order, and nothing of the future is used: an account begins at nothing, and"
        " when more leaves than is there, the rest was there before, clean. Haircut: every cent leaves in proportion,"
        " rounded down. Fifo: what came first leaves first, what was there before is the oldest. Poison: the tainted"
        " leaves first. No transfer carries more than its amount, and all that is held is what was reported in. A"
        " transfer to oneself moves nothing.",
        "交易依序變動餘額，不使用未來資訊：帳戶自零開始，支出超過餘額之差額視為原有之乾淨款。比例法：按比例流出，無條件捨去；"
        "先進先出法：先到先出，原有者最先；毒丸法：贓款先出。任一交易所帶贓款不逾其金額，各帳戶所存合計即通報流入之數。轉給自己不移動款項。",
    ),
    (
        TaintCase(
            Words("Three methods, three answers", "三種方法，三種答案"),
            """
            X -> W  08:00  $100
            V -> W  09:00  $100
            W -> A  10:00  $100
            A -> B  11:00  $40""",
            "W  12:00  $100",
            {
                "haircut": """
                A $50 $30 t2 t3
                B $20 $20 t2 t3 t4
                W $100 $50 t2""",
                "fifo": "W $100 $100 t2",
                "poison": """
                A $100 $60 t2 t3
                B $40 $40 t2 t3 t4
                W $100 $0 t2""",
            },
        ),
        TaintCase(
            Words("What was there before anything known is clean and the oldest", "已知交易前之原有款為乾淨，且為最先"),
            """
            V -> W  09:00  $100
            W -> A  10:00  $150
            W -> B  11:00  $30""",
            "W  12:00  $100",
            {
                "haircut": """
                A $100 $100 t1 t2
                W $100 $0 t1""",
                "fifo": """
                A $100 $100 t1 t2
                W $100 $0 t1""",
                "poison": """
                A $100 $100 t1 t2
                W $100 $0 t1""",
            },
        ),
        TaintCase(
            Words(
                "Nothing of the future is used: a later payment does not thin out an earlier one",
                "不使用未來：後到之款不稀釋先前之流出",
            ),
            """
            V -> W  09:00  $100
            W -> A  10:00  $50
            X -> W  11:00  $50
            W -> B  12:00  $50""",
            "W  13:00  $100",
            {
                "haircut": """
                A $50 $50 t1 t2
                B $25 $25 t1 t4
                W $100 $25 t1""",
                "fifo": """
                A $50 $50 t1 t2
                B $50 $50 t1 t4
                W $100 $0 t1""",
                "poison": """
                A $50 $50 t1 t2
                B $50 $50 t1 t4
                W $100 $0 t1""",
            },
        ),
        TaintCase(
            Words("Parts of a cent stay where they are", "不足一分者留在原處"),
            """
            X -> W  08:00  $0.02
            V -> W  09:00  $0.01
            W -> A  10:00  $0.02
            W -> B  11:00  $0.01""",
            "W  12:00  $0.01",
            {
                "haircut": """
                B $0.01 $0.01 t2 t4
                W $0.01 $0 t2""",
                "fifo": """
                B $0.01 $0.01 t2 t4
                W $0.01 $0 t2""",
                "poison": """
                A $0.01 $0.01 t2 t3
                W $0.01 $0 t2""",
            },
        ),
        TaintCase(
            Words(
                "A transfer to oneself moves nothing, but shows what is there", "轉給自己不移動款項，但顯示其有此餘額"
            ),
            """
            V -> W  09:00  $100
            W -> W  10:00  $200
            W -> A  11:00  $100""",
            "W  12:00  $100",
            {
                "haircut": """
                A $50 $50 t1 t3
                W $100 $50 t1""",
                "fifo": "W $100 $100 t1",
                "poison": """
                A $100 $100 t1 t3
                W $100 $0 t1""",
            },
        ),
        TaintCase(
            Words(
                "The transfer of exactly the reported sum carried it, never one to oneself",
                "金額恰等於通報數之交易為所通報者，轉給自己者除外",
            ),
            """
            V -> W  09:00  $70
            U -> W  10:00  $100
            X -> W  11:00  $40
            W -> W  11:10  $100
            W -> A  11:30  $210""",
            "W  12:00  $100",
            {
                "haircut": """
                A $100 $100 t2 t5
                W $100 $0 t2""",
                "poison": """
                A $100 $100 t2 t5
                W $100 $0 t2""",
            },
        ),
        TaintCase(
            Words(
                "Else the latest ones until the sum is reached, within thirty days",
                "否則自最近者起算至滿額，以三十日內為限",
            ),
            """
            V -> W  day 0 23:59:59  $500
            V -> W  day 1 00:00     $30
            V -> W  day 9 09:00     $50
            X -> W  day 31 00:00    $100""",
            "W  day 31 00:00  $100",
            {
                "haircut": "W $80 $80 t2",
                "fifo": "W $80 $80 t2",
                "poison": "W $80 $80 t2",
            },
        ),
        TaintCase(
            Words("A transfer that already carries reported money has less room", "已帶有贓款之交易，餘裕減少"),
            """
            V -> W  09:00  $100
            W -> A  10:00  $100
            A -> B  11:00  $60""",
            """
            W  12:00  $100
            A  13:00  $100
            B  14:00  $80""",
            {
                "haircut": """
                A $100 $40 t1 t2
                B $60 $60 t1 t2 t3
                W $100 $0 t1""",
                "fifo": """
                A $100 $40 t1 t2
                B $60 $60 t1 t2 t3
                W $100 $0 t1""",
                "poison": """
                A $100 $40 t1 t2
                B $60 $60 t1 t2 t3
                W $100 $0 t1""",
            },
        ),
        TaintCase(
            Words("A path goes back to the nearest report", "路徑溯至最近之通報"),
            """
            V -> W  09:00  $40
            X -> W  09:30  $60
            W -> A  10:00  $100
            A -> B  11:00  $100""",
            """
            W  12:00  $40
            A  13:00  $100""",
            {
                "haircut": """
                A $100 $0 t3
                B $100 $100 t3 t4
                W $40 $0 t1""",
                "fifo": """
                A $100 $0 t3
                B $100 $100 t3 t4
                W $40 $0 t1""",
                "poison": """
                A $100 $0 t3
                B $100 $100 t3 t4
                W $40 $0 t1""",
            },
        ),
    ),
)

RELEASE = Clause(
    "release",
    Words("Cascade release", "連動解除"),
    Words(
        "When a watch-listing is lifted, accounts to which tainted money had come, and to which none comes without its"
        " cases, are proposed for release. It does not matter whether they passed it on.",
        "警示解除時，曾有贓款流入、而扣除該案後無任何贓款流入之帳戶，提出解除建議；是否已轉出不論。",
    ),
    (
        TaintCase(
            Words(
                "Whose only taint came from the lifted listing is proposed, who has other taint is not",
                "贓款僅來自已解除案件者提出建議，另有來源者否",
            ),
            """
            V -> W  09:00  $100
            U -> X  09:10  $100
            W -> A  10:00  $100
            A -> B  11:00  $100
            X -> B  11:30  $100
            B -> C  12:00  $50""",
            """
            W  13:00  $100
            X  13:00  $100""",
            {
                "haircut": """
                A $100 $0 t1 t3
                B $200 $150 t1 t3 t4
                C $50 $50 t1 t3 t4 t6
                W $100 $0 t1
                X $100 $0 t2""",
                "poison": """
                A $100 $0 t1 t3
                B $200 $150 t1 t3 t4
                C $50 $50 t1 t3 t4 t6
                W $100 $0 t1
                X $100 $0 t2""",
            },
            lifted="W",
            released="A W",
        ),
    ),
)
