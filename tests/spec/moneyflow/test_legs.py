"""The join of both legs of a transfer: the same cases for DuckDB and BigQuery."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.drawing import at

LEG_MODELS = (
    "int_transfers__legs",
    "int_transfers__pairs_by_reference",
    "int_transfers__pairs_by_time",
    "int_transfers__paired",
    "int_transfers__joined",
    "int_transfers__leg_issues",
    "int_transfers__leg_summary",
)
NINE = at("09:00")
JUNE = (date(2025, 6, 1), date(2025, 6, 30))


@dataclass(frozen=True)
class Leg:
    """A booking at `by`; `sender` and `receiver` are institution and account, like 808a."""

    by: str
    txn: str
    sender: str = "808a"
    receiver: str = "822b"
    at: datetime = NINE
    cents: int = 10_000
    ref: str | None = None
    reversed: bool = False

    def row(self, place: int) -> dict:
        return {
            "participant": self.by,
            "submission_id": f"s{self.by}",
            "row_number": place,
            "period_from": JUNE[0],
            "txn_id": self.txn,
            "clearing_ref": self.ref,
            "executed_at": self.at,
            "sender_institution": self.sender[:3],
            "sender_account_token": self.sender,
            "receiver_institution": self.receiver[:3],
            "receiver_account_token": self.receiver,
            "amount_cents": self.cents,
            "channel": "atm",
            "preregistered": False,
            "reversed": self.reversed,
        }


def sent(txn="s", **other) -> Leg:
    return Leg("808", txn, **other)


def received(txn="r", **other) -> Leg:
    return Leg("822", txn, **other)


def join(bench, *legs, uploaders=("808", "822")) -> list[dict]:
    """The distinct transfers, after every leg model was built."""
    submissions = [
        {"submission_id": f"s{code}", "participant": code, "dataset": "transfers", "sequence": 1}
        | {"period_from": JUNE[0], "period_to": JUNE[1]}
        for code in uploaders
    ]
    bench.given("stg_landing__submissions", submissions)
    bench.given("stg_landing__transfers", [leg.row(place) for place, leg in enumerate(legs, 1)])
    bench.build(*LEG_MODELS)
    return sorted(bench.rows("int_transfers__joined"), key=lambda row: (row["executed_at"], row["amount_cents"]))


def states(joined) -> list[str]:
    return [row["leg_state"] for row in joined]


def issues(bench) -> list[tuple[str, str]]:
    return sorted((row["issue"], row["disagrees_on"]) for row in bench.rows("int_transfers__leg_issues"))


def test_two_legs_under_one_reference_are_one_transfer(bench):
    (transfer,) = join(bench, sent(ref="c1"), received(ref="c1"))
    assert (transfer["legs"], transfer["leg_state"]) == (2, "matched")
    assert issues(bench) == []


def test_legs_without_a_reference_are_matched_by_accounts_amount_and_time(bench):
    (transfer,) = join(bench, sent(), received(at=at("09:01:59")))
    assert (transfer["leg_state"], transfer["executed_at"]) == ("matched", at("09:00"))


def test_a_reference_at_one_end_only_is_enough(bench):
    (transfer,) = join(bench, sent(ref="c1"), received())
    assert transfer["leg_state"] == "matched"


def test_beyond_the_tolerance_they_are_two_transfers(bench):
    joined = join(bench, sent(), received(at=at("09:02:01")))
    assert states(joined) == ["unmatched", "unmatched"]
    assert issues(bench) == [("receiver_leg_missing", ""), ("sender_leg_missing", "")]


@pytest.mark.parametrize(
    "change, said",
    [
        ({"cents": 10_001}, "amount"),
        ({"at": at("09:30")}, "executed_at"),
        ({"sender": "808x"}, "sender"),
        ({"receiver": "822x"}, "receiver"),
        ({"reversed": True}, "reversed"),
        ({"cents": 1, "sender": "808x"}, "sender amount"),
    ],
)
def test_legs_of_one_reference_that_disagree_are_one_transfer_and_shown(bench, change, said):
    (transfer,) = join(bench, sent(ref="c1"), received(**({"ref": "c1"} | change)))
    assert (transfer["leg_state"], transfer["legs"]) == ("disagreeing", 2)
    assert issues(bench) == [("disagreeing", said)]


def test_each_institution_has_the_last_word_on_its_own_account(bench):
    (transfer,) = join(bench, sent(ref="c1", receiver="822wrong"), received(ref="c1", sender="808wrong", cents=7))
    assert (transfer["sender_account_token"], transfer["receiver_account_token"]) == ("808a", "822b")
    assert transfer["amount_cents"] == 10_000


def test_references_that_differ_disagree_where_all_else_is_the_same(bench):
    (transfer,) = join(bench, sent(ref="c1"), received(ref="c2"))
    assert transfer["leg_state"] == "disagreeing"
    assert issues(bench) == [("disagreeing", "clearing_ref")]


def test_a_transfer_within_one_institution_needs_no_second_leg(bench):
    (transfer,) = join(bench, sent(receiver="808b"))
    assert (transfer["legs"], transfer["leg_state"]) == (1, "own")
    assert issues(bench) == []


def test_a_leg_is_missing_only_where_its_institution_uploaded_that_day(bench):
    assert states(join(bench, sent())) == ["unmatched"]
    assert issues(bench) == [("receiver_leg_missing", "")]
    assert states(join(bench, sent(), uploaders=("808",))) == ["unmatched"]
    assert issues(bench) == [("not_expected", "")]
    # 30 June 16:30 UTC is 1 July in Taipei, after the period.
    join(bench, sent(at=at("day 30 16:30")))
    assert issues(bench) == [("not_expected", "")]


def test_each_leg_is_used_once(bench):
    joined = join(bench, sent("s1"), sent("s2", at=at("09:01")), received(at=at("09:01")))
    assert states(joined) == ["unmatched", "matched"]


def test_equal_transfers_in_a_row_stay_as_many_as_they_are(bench):
    moments = [at("09:00"), at("09:00:30"), at("09:01")]
    legs = [sent(f"s{n}", at=m) for n, m in enumerate(moments)]
    legs += [received(f"r{n}", at=m + timedelta(seconds=20)) for n, m in enumerate(moments)]
    assert states(join(bench, *legs)) == ["matched"] * 3


def test_a_reference_used_twice_pairs_what_agrees_first(bench):
    legs = [sent("s1", ref="c1", cents=5), sent("s2", ref="c1", cents=6)]
    legs += [received("r1", ref="c1", cents=6), received("r2", ref="c1", cents=5)]
    joined = join(bench, *legs)
    assert [(row["amount_cents"], row["leg_state"]) for row in joined] == [(5, "matched"), (6, "matched")]


def test_one_institution_cannot_be_both_ends_of_a_reference(bench):
    joined = join(bench, sent("s1", ref="c1"), sent("s2", ref="c1", sender="700c", receiver="808a"))
    assert states(joined) == ["unmatched", "unmatched"]


def test_one_end_reversed_is_reversed(bench):
    (transfer,) = join(bench, sent(ref="c1"), received(ref="c1", reversed=True))
    assert transfer["reversed"]


def test_a_transfer_keeps_its_id_when_the_other_leg_arrives_late(bench):
    legs = (sent(ref="c1"), received(ref="c1"))
    ids = {join(bench, *some)[0]["transfer_id"] for some in (legs, legs[:1], legs[1:], legs[::-1])}
    assert len(ids) == 1


def test_the_summary_counts_every_transfer_once(bench):
    join(bench, sent("s1", ref="c1"), received("r1", ref="c1"), sent("s2"), sent("s3", receiver="808b"))
    rows = bench.rows("int_transfers__leg_summary")
    found = {(r["receiver_institution"], r["leg_state"], r["issue"]): (r["transfers"], r["legs"]) for r in rows}
    assert found == {
        ("822", "matched", "none"): (1, 2),
        ("822", "unmatched", "receiver_leg_missing"): (1, 1),
        ("808", "own", "none"): (1, 1),
    }


@st.composite
def many_legs(draw):
    """Both institutions' bookings of few accounts and amounts, with references lost, shared and wrong."""
    kinds = st.tuples(
        st.sampled_from(["808", "822"]),
        st.sampled_from([None, None, "c1", "c2"]),
        st.integers(0, 300),
        st.sampled_from([1, 2]),
        st.sampled_from([("808a", "822b"), ("822b", "808a"), ("808a", "808c")]),
    )
    legs = []
    for place, (by, ref, second, cents, (sender, receiver)) in enumerate(
        draw(st.lists(kinds, min_size=1, max_size=12))
    ):
        owner = by if by in (sender[:3], receiver[:3]) else "808"
        moment = at("09:00") + timedelta(seconds=second)
        legs.append(Leg(owner, f"x{place}", sender, receiver, moment, cents, ref))
    return legs


@given(many_legs(), st.randoms())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_leg_is_lost_or_counted_twice_whatever_the_order(duckdb_bench, legs, random):
    joined = join(duckdb_bench, *legs)
    assert sum(row["legs"] for row in joined) == len(legs)
    assert len({row["transfer_id"] for row in joined}) == len(joined)
    # Nothing stays two that could be one by time.
    assert not [
        (one, other)
        for one, other in combinations([row for row in joined if row["leg_state"] == "unmatched"], 2)
        if could_be_one(one, other, duckdb_bench)
    ]
    shuffled = list(legs)
    random.shuffle(shuffled)
    again = join(duckdb_bench, *shuffled)
    assert sorted(map(identity, again)) == sorted(map(identity, joined))


def could_be_one(one: dict, other: dict, bench) -> bool:
    """Two single legs, one of each end, that the tolerance admits."""
    sides = {row["transfer_id"]: row["side"] for row in bench.rows("int_transfers__paired")}
    ends = {sides[one["transfer_id"]], sides[other["transfer_id"]]} == {"sender", "receiver"}
    same = ("sender_account_token", "receiver_account_token", "amount_cents")
    apart = abs(one["executed_at"] - other["executed_at"])
    return ends and all(one[name] == other[name] for name in same) and apart <= timedelta(seconds=120)


def identity(row: dict) -> tuple[str, str]:
    return row["transfer_id"], row["leg_state"]
