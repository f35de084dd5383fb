"""What a layer is: the same cases for the reference, DuckDB and BigQuery."""

from cleanroom.moneyflow.reference import Direction
from tests.factories.drawing import at, clock, draw
from tests.spec.moneyflow.engines import LISTED

BACKWARD = Direction.BACKWARD


def arrivals_by_clock(arrivals):
    return {(account, layer): clock(a.at) for (account, layer), a in arrivals.items() if layer > 0}


def test_an_account_keeps_its_nearest_layer(layers_of):
    flow = draw("""
        W -> A  09:00
        W -> B  09:05
        A -> B  09:10""")
    assert layers_of(flow, start=["W"], layers=3) == {"W": 0, "A": 1, "B": 1}


def test_an_account_may_stand_at_several_layers(ask):
    flow = draw("""
        W -> A  09:00
        W -> B  09:05
        A -> B  09:10""")
    assert arrivals_by_clock(ask(flow, {"W": LISTED})) == {("A", 1): "09:00", ("B", 1): "09:05", ("B", 2): "09:10"}


def test_money_that_left_before_it_came_leads_nowhere(layers_of):
    flow = draw("""
        A -> B  08:59
        W -> A  09:00""")
    assert layers_of(flow, start=["W"]) == {"W": 0, "A": 1}


def test_the_same_moment_is_not_after(layers_of):
    flow = draw("""
        W -> A  09:00
        A -> B  09:00
        A -> C  09:00:01""")
    assert layers_of(flow, start=["W"]) == {"W": 0, "A": 1, "C": 2}


def test_the_first_arrival_counts_at_each_layer(ask):
    flow = draw("""
        W -> A  09:00
        W -> A  10:00
        A -> B  09:30
        A -> B  10:30""")
    assert arrivals_by_clock(ask(flow, {"W": LISTED})) == {("A", 1): "09:00", ("B", 2): "09:30"}


def test_a_later_arrival_at_a_nearer_layer_does_not_hide_an_earlier_one_farther_out(ask):
    # B is reached directly at noon, and over A at 09:10; only the walk over A can go on to C at 10:00.
    flow = draw("""
        W -> B  12:00
        W -> A  09:00
        A -> B  09:10
        B -> C  10:00""")
    found = arrivals_by_clock(ask(flow, {"W": LISTED}))
    assert found == {("B", 1): "12:00", ("A", 1): "09:00", ("B", 2): "09:10", ("C", 3): "10:00"}


def test_money_that_comes_back_is_followed_again(ask):
    flow = draw("""
        W -> A  09:00
        A -> W  09:10
        W -> C  09:20""")
    found = arrivals_by_clock(ask(flow, {"W": LISTED}))
    assert found == {("A", 1): "09:00", ("W", 2): "09:10", ("C", 1): "09:20", ("C", 3): "09:20"}


def test_six_layers_and_no_more(layers_of):
    flow = draw("""
        W -> A  09:00
        A -> B  09:01
        B -> C  09:02
        C -> D  09:03
        D -> E  09:04
        E -> F  09:05
        F -> G  09:06""")
    assert layers_of(flow, start=["W"]) == {"W": 0, "A": 1, "B": 2, "C": 3, "D": 4, "E": 5, "F": 6}


def test_the_path_explains_the_arrival(ask):
    flow = draw("""
        W -> A  09:00
        A -> B  09:10
        X -> B  09:05
        B -> C  09:20""")
    found = ask(flow, {"W": LISTED})
    assert found["C", 3].path == ("t1", "t2", "t4")
    assert found["C", 3].start == "W"
    assert found["C", 3].came_from == "B"


def test_ties_are_broken_by_transfer_id(ask):
    flow = draw("""
        z: W -> A  09:00
        b: V -> A  09:00
        c: U -> A  09:00""")
    arrival = ask(flow, dict.fromkeys("WVU", LISTED))["A", 1]
    assert (arrival.via, arrival.start) == ("b", "V")


def test_the_walk_begins_thirty_days_before_the_notice(layers_of):
    flow = draw("""
        W -> A  day 1 00:00
        W -> B  day 1 00:00:01""")
    assert layers_of(flow, start=["W"], listed_at=at("day 31 00:00")) == {"W": 0, "B": 1}


def test_money_that_leaves_after_the_notice_is_followed(layers_of):
    flow = draw("W -> A  day 12 09:00")
    assert layers_of(flow, start=["W"], listed_at=at("day 10 00:00")) == {"W": 0, "A": 1}


def test_backward_finds_who_paid_in(ask):
    flow = draw("""
        V -> A  09:00
        A -> W  09:10
        U -> A  09:20""")
    found = ask(flow, {"W": LISTED}, direction=BACKWARD)
    assert arrivals_by_clock(found) == {("A", 1): "09:10", ("V", 2): "09:00"}
    assert found["V", 2].path == ("t2", "t1")


def test_backward_the_last_arrival_counts(ask):
    flow = draw("""
        A -> W  09:00
        A -> W  10:00
        V -> A  09:30""")
    assert arrivals_by_clock(ask(flow, {"W": LISTED}, direction=BACKWARD)) == {("A", 1): "10:00", ("V", 2): "09:30"}


def test_backward_begins_at_the_notice(layers_of):
    flow = draw("""
        A -> W  day 9 23:59
        B -> W  day 10 00:00""")
    assert layers_of(flow, start=["W"], listed_at=at("day 10 00:00"), direction=BACKWARD) == {"W": 0, "A": 1}


def test_nothing_at_or_after_the_cut_off_is_known(layers_of):
    flow = draw("""
        W -> A  day 11 09:00
        W -> B  day 12 00:00
        A -> C  day 13 00:00""")
    assert layers_of(flow, start=["W"], as_of=at("day 12 00:00")) == {"W": 0, "A": 1}


def test_an_account_that_is_listed_later_starts_no_walk(ask):
    flow = draw("""
        W -> A  09:00
        V -> B  09:00""")
    found = ask(flow, {"W": at("day 3 00:00"), "V": at("day 5 00:00")}, as_of=at("day 5 00:00"))
    assert {account for account, _ in found} == {"W", "A"}


def test_a_reversed_transfer_leads_nowhere(layers_of):
    flow = draw("""
        W -> A  09:00 reversed
        W -> B  09:00""")
    assert layers_of(flow, start=["W"]) == {"W": 0, "B": 1}


def test_no_start_no_layers(ask):
    assert ask(draw("A -> B  09:00"), {}) == {}
