"""What a gate says of a file: every rule over every row, numbers and never values."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.errors import QualityGateFailed, SettingsInvalid
from cleanroom.quality import engine
from cleanroom.quality.gate import Gate, load_suite, rule_sentences, run_suite
from cleanroom.quality.repeats import COLUMN, COLUMNS, Secret, digests_of, repeated_rows
from cleanroom.quality.rows import failing_rows
from cleanroom.quality.suites import STATIONS, write_suites
from cleanroom.vocabulary.terms import Dataset
from tests.factories.gates import FACTS, NOON, rows_of


def broken(dataset, changes, *, station="sealing", **facts):
    outcome = run_suite(
        station=station, dataset=dataset, rows=rows_of(dataset, changes=changes, station=station), facts=FACTS | facts
    )
    return {r.rule: (r.severity, r.row_numbers) for r in outcome.broken}, outcome.failed


@pytest.mark.parametrize("station", STATIONS)
@pytest.mark.parametrize("dataset", Dataset)
def test_a_good_file_passes_every_rule(station, dataset):
    rows = rows_of(dataset, station=station)
    outcome = run_suite(station=station, dataset=dataset, rows=rows, facts=FACTS)
    assert not outcome.failed
    assert outcome.broken == ()
    assert len(outcome.results) == len(load_suite(station, dataset)["expectations"]) > 5


BAD = [
    (Dataset.TRANSFERS, [(2, "txn_id", None)], "txn_id.required", "fail", (2,)),
    (Dataset.TRANSFERS, [(2, "txn_id", "t-1")], "txn_id.unique", "fail", (1, 2)),
    (Dataset.TRANSFERS, [(3, "txn_id", "x" * 41)], "txn_id.max_length", "fail", (3,)),
    (Dataset.TRANSFERS, [(4, "sender_institution", "80")], "sender_institution.pattern", "fail", (4,)),
    (Dataset.TRANSFERS, [(4, "receiver_institution", "999")], "receiver_institution.known_institution", "fail", (4,)),
    (Dataset.TRANSFERS, [(1, "amount_cents", 0), (5, "amount_cents", -7)], "amount_twd.minimum", "fail", (1, 5)),
    (Dataset.TRANSFERS, [(1, "channel", "pigeon")], "channel.enum", "fail", (1,)),
    (Dataset.TRANSFERS, [(1, "reversed", None)], "reversed.required", "fail", (1,)),
    (Dataset.TRANSFERS, [(2, "sender_institution", "700")], "sender_institution.uploader_is_party", "fail", (2,)),
    (Dataset.TRANSFERS, [(2, "clearing_ref", None)], "clearing_ref.interbank_has_reference", "warn", (2,)),
    (Dataset.ACCOUNTS, [(2, "opened_on", date(2025, 5, 1))], "opened_on.not_after_period", "fail", (2,)),
    (Dataset.ACCOUNTS, [(3, "opened_on", date(9999, 12, 31))], "opened_on.not_after_period", "fail", (3,)),
    (Dataset.ACCOUNTS, [(2, "holder_id_kind", "passport")], "holder_id_kind.enum", "fail", (2,)),
    (Dataset.LIST_EVENTS, [(2, "agency", "institution")], "agency.lawful_agency", "fail", (2,)),
    (Dataset.LIST_EVENTS, [(2, "subject_kind", "person")], "subject_kind.subject_fits_list", "fail", (2,)),
    (Dataset.LIST_EVENTS, [(2, "list", "derived")], "parent_case.derived_names_parent", "warn", (2,)),
    (Dataset.LIST_EVENTS, [(2, "reported_loss_cents", -1)], "reported_loss_twd.minimum", "fail", (2,)),
    (Dataset.LIST_EVENTS, [(3, "case_no", "case-1")], "rows.unique", "warn", (1, 3)),
    (
        Dataset.CROSS_INDUSTRY_LIST,
        [(2, "lifted_at", NOON - timedelta(1))],
        "lifted_at.lifted_after_listed",
        "fail",
        (2,),
    ),
    (Dataset.HOLDINGS, [(2, "held_to", NOON - timedelta(1))], "held_to.held_to_after_from", "fail", (2,)),
    (Dataset.HOLDINGS, [(2, "asset_kind", "account")], "asset_institution.account_names_institution", "fail", (2,)),
    (Dataset.CONTACTS, [(2, "callee", "+886912000000")], "callee.parties_differ", "warn", (2,)),
    (Dataset.CONTACTS, [(2, "duration_s", 4)], "duration_s.message_has_no_duration", "warn", (2,)),
    (Dataset.CONTACTS, [(2, "duration_s", -4)], "duration_s.minimum", "fail", (2,)),
]


@pytest.mark.parametrize("dataset, changes, rule, severity, numbers", BAD, ids=[b[2] for b in BAD])
@pytest.mark.parametrize("station", STATIONS)
def test_a_bad_row_is_found_by_its_rule(station, dataset, changes, rule, severity, numbers):
    found, failed = broken(dataset, changes, station=station)
    assert found[rule] == (severity, numbers)
    assert failed == any(s == "fail" for s, _ in found.values())


def test_a_transfer_to_itself_is_told_and_lands():
    here = [(2, "receiver_institution", "808"), (2, "receiver_account", "8080000000000000001")]
    found, failed = broken(Dataset.TRANSFERS, here)
    assert found == {"receiver_account.ends_differ": ("warn", (2,))}
    assert not failed


@pytest.mark.parametrize(
    "executed_at, inside",
    [
        (datetime(2025, 3, 31, 16, tzinfo=UTC), True),  # midnight in Taipei
        (datetime(2025, 3, 31, 15, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2025, 4, 30, 15, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2025, 4, 30, 16, tzinfo=UTC), False),
    ],
)
def test_the_period_is_whole_days_in_taipei(executed_at, inside):
    found, _ = broken(Dataset.TRANSFERS, [(3, "executed_at", executed_at)])
    assert found == ({} if inside else {"executed_at.period": ("fail", (3,))})


def test_the_room_takes_only_tokens():
    rows = rows_of(Dataset.TRANSFERS, station="intake")
    index = rows.column_names.index("sender_account_token")
    clear = pa.array(["8080000000000000001", *rows["sender_account_token"].to_pylist()[1:]])
    outcome = run_suite(
        station="intake", dataset=Dataset.TRANSFERS, rows=rows.set_column(index, rows.schema[index], clear), facts=FACTS
    )
    assert [(r.rule, r.row_numbers) for r in outcome.broken] == [("sender_account.pattern", (1,))]
    assert "8080000000000000001" not in repr(outcome)


def test_the_whole_file_is_counted_and_the_numbers_are_capped():
    rows = rows_of(Dataset.TRANSFERS, rows=30, changes=[(n, "amount_cents", -1) for n in range(1, 31)])
    capped = run_suite(station="sealing", dataset=Dataset.TRANSFERS, rows=rows, facts=FACTS, row_cap=10)
    (result,) = capped.broken
    assert (result.failed_rows, result.row_numbers) == (30, tuple(range(1, 11)))
    (result,) = run_suite(station="sealing", dataset=Dataset.TRANSFERS, rows=rows, facts=FACTS, row_cap=None).broken
    assert result.row_numbers == tuple(range(1, 31))


def test_row_numbers_are_those_of_the_file_not_of_the_batch():
    rows = rows_of(Dataset.ACCOUNTS, changes=[(1, "status", "lost"), (4, "status", "lost")])
    numbered = rows.append_column("row_number", pa.array([50, 40, 30, 20, 10], pa.int64()))
    outcome = run_suite(station="sealing", dataset=Dataset.ACCOUNTS, rows=numbered, facts=FACTS)
    assert [r.row_numbers for r in outcome.broken] == [(20, 50)]


def test_a_missing_column_is_a_failure_of_its_own():
    rows = rows_of(Dataset.ACCOUNTS).drop_columns(["status"])
    outcome = run_suite(station="sealing", dataset=Dataset.ACCOUNTS, rows=rows, facts=FACTS)
    assert outcome.failed
    assert [r.rule for r in outcome.results] == ["columns"]


def test_an_empty_file_fails_only_where_there_must_be_rows():
    for dataset, failed in ((Dataset.TRANSFERS, True), (Dataset.LIST_EVENTS, False)):
        outcome = run_suite(station="sealing", dataset=dataset, rows=rows_of(dataset, rows=0), facts=FACTS)
        assert [r.rule for r in outcome.broken] == ["rows"]
        assert outcome.failed == failed


def test_a_suite_that_is_missing_or_malformed_closes_the_gate(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEANROOM_PROJECT", str(tmp_path))
    with pytest.raises(SettingsInvalid):
        load_suite("sealing", Dataset.TRANSFERS)
    write_suites(tmp_path / "expectations")
    path = tmp_path / "expectations/sealing/transfers.json"
    for text in ("{", '{"expectations": []}', path.read_text().replace('"severity": "fail"', '"severity": "maybe"')):
        path.write_text(text)
        with pytest.raises(SettingsInvalid):
            load_suite("sealing", Dataset.TRANSFERS)


def test_a_rule_that_cannot_be_evaluated_closes_the_gate():
    suite = load_suite("sealing", Dataset.ACCOUNTS)
    suite["expectations"][3]["kwargs"]["column"] = "no_such_column"
    with pytest.raises(QualityGateFailed) as refused:
        engine.validate(suite, rows_of(Dataset.ACCOUNTS), {"period_last": datetime(2025, 4, 30, tzinfo=UTC)})
    assert refused.value.rule == suite["expectations"][3]["meta"]["rule"]


def test_every_rule_has_its_sentence_in_both_languages():
    en, zh_hant = rule_sentences("sealing", Dataset.TRANSFERS)["amount_twd.minimum"]
    assert en == "amount_twd must be greater than 0."
    assert zh_hant == "金額（新臺幣）須大於 0。"


CELLS = st.one_of(st.none(), st.sampled_from(["808", "80", "", "8085", "822", "abc", "７００"]))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(CELLS, st.one_of(st.none(), st.integers(-2, 3)), st.sampled_from([0, 1, 2])), min_size=1, max_size=12
    )
)
def test_the_rows_that_are_named_are_as_many_as_the_engine_counted(cells):
    """What Great Expectations counts is what is named: for every kind of rule both must mean the same."""
    text, number, seconds = zip(*cells, strict=True)
    rows = pa.table(
        {
            "text": pa.array(text, pa.string()),
            "number": pa.array(number, pa.int64()),
            "at": pa.array([NOON + timedelta(seconds=s) for s in seconds], pa.timestamp("us", tz="UTC")),
            "row_number": pa.array(range(1, len(cells) + 1), pa.int64()),
        }
    )
    kinds = [
        ("expect_column_values_to_not_be_null", {"column": "text"}),
        ("expect_column_values_to_be_in_set", {"column": "text", "value_set": ["808", "822"]}),
        ("expect_column_values_to_match_regex", {"column": "text", "regex": "^[0-9]{3}$"}),
        ("expect_column_value_lengths_to_be_between", {"column": "text", "min_value": 0, "max_value": 3}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": 0, "strict_min": True}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": 0, "max_value": 1}),
        ("expect_column_values_to_be_between", {"column": "at", "max_value": NOON + timedelta(seconds=1)}),
        (
            "expect_column_values_to_be_between",
            {"column": "at", "max_value": NOON + timedelta(seconds=1), "strict_max": True},
        ),
        ("expect_column_values_to_be_unique", {"column": "text"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["text", "number"]}),
    ]
    suite = {
        "name": "kinds",
        "expectations": [{"type": t, "kwargs": k, "meta": {"rule": str(i)}} for i, (t, k) in enumerate(kinds)],
    }
    verdicts = engine.validate(suite, rows, {})
    for i, (kind, arguments) in enumerate(kinds):
        if kind in (COLUMN, COLUMNS):
            _, named = repeated_rows([digests_of(rows, kind, arguments, Secret(), None)], cap=None)
        else:
            named = failing_rows(rows, kind, arguments, cap=None)
        assert len(named) == verdicts[str(i)].failed_rows, (kind, arguments)
        assert verdicts[str(i)].passed == (not named)


def split(rows, edges):
    places = [0, *sorted(edge % (rows.num_rows + 1) for edge in edges), rows.num_rows]
    return [rows.slice(a, b - a) for a, b in pairwise(places)]


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from(
            [("txn_id", "t-1"), ("txn_id", "t-7"), ("txn_id", None), ("amount_cents", 0), ("channel", "x")]
        ),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES, st.lists(st.integers(0, 100), max_size=4), st.booleans(), st.sampled_from([None, 1, 3]))
def test_a_file_in_batches_is_judged_as_a_whole(tmp_path_factory, changes, edges, spilled, cap):
    """However it is cut, and whether digests lie in memory or on the disk: the same answer as for one table."""
    changes = [(number, *change) for number, change in changes]
    rows = rows_of(Dataset.TRANSFERS, rows=12, changes=changes)
    rows = rows.append_column("row_number", pa.array(range(1, 13), pa.int64()))
    spill = tmp_path_factory.mktemp("spill") if spilled else None
    gate = Gate("sealing", Dataset.TRANSFERS, FACTS, cap, spill)
    assert gate.merge([gate.check(batch) for batch in split(rows, edges)]) == run_suite(
        station="sealing", dataset=Dataset.TRANSFERS, rows=rows, facts=FACTS, row_cap=cap
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "", None, "\x1e"]), st.sampled_from([0, 1, None]))))
def test_rows_that_stand_more_than_once(cells):
    """Against a slow count. A row with some key columns empty still counts; one with all of them empty does not."""
    text, number = zip(*cells, strict=True) if cells else ((), ())
    rows = pa.table(
        {
            "text": pa.array(text, pa.string()),
            "number": pa.array(number, pa.int64()),
            "row_number": pa.array(range(1, len(cells) + 1), pa.int64()),
        }
    )
    for kind, arguments, keys in (
        (COLUMN, {"column": "text"}, list(text)),
        (COLUMNS, {"column_list": ["text", "number"]}, [None if c == (None, None) else c for c in cells]),
    ):
        expected = [n for n, key in enumerate(keys, 1) if key is not None and keys.count(key) > 1]
        batches = [digests_of(part, kind, arguments, SECRET, None) for part in split(rows, [len(cells) // 2])]
        assert repeated_rows(batches, cap=None) == (len(expected), tuple(expected))


SECRET = Secret()


def test_nothing_of_a_row_is_in_its_digest(tmp_path):
    rows = rows_of(Dataset.TRANSFERS, rows=2).append_column("row_number", pa.array([1, 2], pa.int64()))
    for _ in range(2):
        digests_of(rows, COLUMN, {"column": "txn_id"}, Secret(), tmp_path)
    one, two = (path.read_bytes() for path in tmp_path.iterdir())
    assert b"t-1" not in one + two
    assert one[:8] not in two
    assert len(one) == 2 * 24


def test_no_batch_is_no_pass():
    with pytest.raises(SettingsInvalid, match="no batch"):
        Gate("sealing", Dataset.TRANSFERS, FACTS).merge([])


def test_a_gate_tells_no_key():
    gate = Gate("sealing", Dataset.TRANSFERS, FACTS)
    assert gate.secret.high not in repr(gate)
    assert gate.secret.low not in repr(gate)
