"""The one-page report: the same figures give the same bytes, nothing is fetched, and what is hidden stays hidden."""

import copy
import csv
import io
import json
import re
import zlib
from datetime import UTC, datetime
from html import unescape
from importlib.resources import files

import pytest
import yaml

from cleanroom.contracts.messages import ResultPublication
from cleanroom.governance.reports.words import LANGUAGES, Words
from cleanroom.results.blocked import PACKAGE, page, span, whole
from cleanroom.results.chart import curve_svg
from cleanroom.results.files import contents, write
from cleanroom.results.table import COLUMNS, rows
from cleanroom.vocabulary.terms import Scenario
from tests.factories.blocked import blocked_of

AT = datetime(2025, 8, 1, 4, tzinfo=UTC)
KNOWN = {"computed_at": AT, "run_id": "run-1"}


@pytest.fixture(scope="module")
def body():
    return blocked_of(9)


@pytest.fixture(scope="module")
def made(body):
    return contents(ResultPublication(run_id="run-1", kind="blocked", computed_at=AT, body=body))


def test_the_same_figures_give_the_same_bytes(made, body, tmp_path):
    result = ResultPublication(run_id="run-1", kind="blocked", computed_at=AT, body=copy.deepcopy(body))
    paths = write(result, tmp_path / "report")
    assert {p.name: p.read_bytes() for p in paths} == made and len(made) == 8
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == sorted(made), "nothing half-written stays"


def test_it_is_one_page_in_each_language(made):
    for name in ("blocked.en.pdf", "blocked.zh-Hant.pdf"):
        text = made[name] + b"".join(_streams(made[name]))
        [tree] = [o for o in re.findall(rb"<<[^<>]*>>", text) if re.search(rb"/Type\s*/Pages\b", o)]
        assert re.search(rb"/Count\s+(\d+)", tree)[1] == b"1", name


def _streams(pdf: bytes):
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(packed)
        except zlib.error:
            continue


def test_it_loads_nothing(made):
    for name in ("blocked.en.html", "blocked.zh-Hant.html"):
        text = made[name].decode()
        for address in re.findall(r"(?:https?:)?//[\w./#-]+", text):
            assert address.startswith("http://www.w3.org/"), address
        assert "<script" not in text and "src=" not in text and "@import" not in text


def test_the_answer_its_bounds_and_its_price_stand_first(body):
    said = page(body, "en", **KNOWN)
    head = said[: said.index("<table")]
    assert "Institutions 700, 808, 822: 9 watch-listings in 9 families of cases; " in head
    assert "60,027 TWD and 6 accounts more than each bank alone" in head
    assert "90,036 TWD reported, of which 90,036 TWD came in" in head
    assert "0 innocent accounts controlled" in head
    assert "2025-08-01 12:00:00" in head
    chinese = page(body, "zh_hant", **KNOWN)
    assert "較各行單獨多攔阻新臺幣 60,027 元、6 個帳戶" in chinese and 'lang="zh-Hant"' in chinese


def test_few_families_of_cases_give_no_interval(body):
    few = blocked_of(1) | {"scenarios": blocked_of(1)["scenarios"]}
    few["scenarios"]["shared_graph_realtime"] |= {"extra_money_twd": -69_013.0, "extra_accounts": -12}
    for language, told in (("en", "No 95 % interval: 1 family of cases"), ("zh_hant", "無 95% 區間：1 個案件群")):
        said = page(few, language, **KNOWN)
        assert told in said and "1 families" not in said and '<td class="n range">–</td>' in said
        assert "−69,013" in said and not re.search(r'range">[\d−]', said)
    assert "against each bank alone: −69,013 TWD, −12 accounts" in page(few, "en", **KNOWN)
    banded, plain = (curve_svg(one["curve"], Words("en", PACKAGE)) for one in (body, few))
    assert banded.count("<path") - plain.count("<path") >= 9, "a band of no width is not drawn"
    assert "Bands are 95" in page(body, "en", **KNOWN) and "Bands are 95" not in page(few, "en", **KNOWN)


@pytest.mark.parametrize("chains", [4, 5])
def test_no_file_holds_an_interval_of_fewer_than_five_families(chains):
    body = blocked_of(chains)
    made = contents(ResultPublication(run_id="run-1", kind="blocked", computed_at=AT, body=body))
    kept = json.loads(made["blocked.json"])["body"]
    intervals = list(_intervals(kept))
    assert len(intervals) > 100 and kept["families"] == chains
    listed = list(csv.DictReader(io.StringIO(made["blocked.csv"].decode())))
    ends = [r[name] for r in listed for name in COLUMNS if name.endswith(("_low", "_high"))]
    assert len(ends) > 1000 and all(r["money_twd"] for r in listed)
    if chains < 5:
        assert intervals == [None] * len(intervals) and not any(ends)
    else:
        assert kept["scenarios"]["shared_list"]["money_twd_interval"][1] > 0 and any(ends)
        typologies = kept["parts"]["typology"]
        assert {name: one["families"] for name, one in typologies.items()} == {"fan_out": 4, "unknown": 1}
        assert set(map(str, _intervals(typologies))) == {"None"}, "a typology counts its own families"
        assert "None" not in {str(x) for one in kept["parts"]["institution"].values()
                              for name in Scenario if name is not Scenario.OWN_BANK
                              for x in _intervals(one["scenarios"][name])}  # fmt: skip
        ends = [
            (float(r[f"{n[:-5]}_low"]), float(r[n])) for r in listed for n in COLUMNS if n.endswith("_high") and r[n]
        ]
        assert len(ends) > 50 and all(low < high for low, high in ends), "no interval has no width"
        assert not any(r["extra_money_twd"] for r in listed if r["measure"] == Scenario.OWN_BANK)


@pytest.mark.parametrize(("language", "told"), [("en", "One institution alone"), ("zh_hant", "僅有一家機構")])
def test_one_institution_has_nobody_to_join_with_and_what_does_not_vary_no_interval(body, language, told):
    assert told not in page(body, language, **KNOWN)
    parts = body["parts"] | {"institution": {"700": body["parts"]["institution"]["700"]}}
    best = body["scenarios"]["shared_graph_realtime"] | {"extra_money_twd_interval": None}
    one = body | {"parts": parts, "scenarios": body["scenarios"] | {"shared_graph_realtime": best}}
    said = page(one, language, **KNOWN)
    assert told in said and re.search(r"95 ?%(?: interval: | 區間：)\d+ (?:to|至) \d+ (?:accounts|個帳戶)", said)
    best["extra_accounts_interval"] = None
    assert {"en": "every redraw", "zh_hant": "結果均相同"}[language] in page(one, language, **KNOWN)


def _intervals(found):
    """Every `..._interval` at any depth."""
    for key, one in found.items() if isinstance(found, dict) else ():
        if key.endswith("_interval"):
            yield one
        yield from _intervals(one)


@pytest.mark.parametrize(
    ("missed", "later", "told"),
    [(0, 0, 'controls all that "Shared list" does, and no later.'),
     (0, 1, 'controls all that "Shared list" does, and is later for 1 account.'),
     (1, 0, 'leaves out 1 account that "Shared list" controls (1 of them innocent).'),
     (3, 2, 'leaves out 3 accounts that "Shared list" controls (1 of them innocent), and is later for 2 accounts.')],
)  # fmt: skip
def test_one_is_no_plural_and_nothing_is_not_counted(body, missed, later, told):
    one = {"narrower": "shared_list", "wider": "shared_graph_realtime", "accounts_missed": missed,
           "accounts_later": later, "innocents_missed": min(missed, 1)}  # fmt: skip
    figures = body["scenarios"]["shared_graph_realtime"] | {"extra_accounts": 1, "innocent_accounts": 1}
    scenarios = body["scenarios"] | {"shared_graph_realtime": figures}
    said = unescape(page(body | {"nesting": [one], "scenarios": scenarios}, "en", **KNOWN))
    assert told in said and "TWD and 1 account more than" in said and "1 innocent account controlled" in said
    assert not re.search(r"\b1 (accounts|innocent accounts)\b", said[: said.index("<table")])


def test_without_the_truth_it_says_that_innocents_are_not_known():
    said = page(blocked_of(4, truth=False), "en", **KNOWN)
    assert "how many of them are innocent is not known" in said
    assert "Controlled, never listed" in said and "Typology" not in said


def test_what_a_reader_may_not_see_is_a_dash_and_said_so(body):
    seen = copy.deepcopy(body)
    series = seen["parts"]["institution"]["822"]["scenarios"][Scenario.SHARED_GRAPH_REALTIME]
    assert "tells of fewer than 5 accounts" not in page(seen, "en", **KNOWN)
    for name in series:
        series[name] = [None] * len(series[name])
    said = page(seen, "en", **KNOWN)
    assert "tells of fewer than 5 accounts" in said and '<td class="n">– / –</td>' in said


def test_the_table_has_a_row_for_every_measure_part_and_delay(body, made):
    found = list(csv.DictReader(io.StringIO(made["blocked.csv"].decode())))
    parts = sum(len(p) for p in body["parts"].values())
    assert len(found) == len(list(rows(body))) == len(body["curve"]["delay_hours"]) * (8 + 4 * parts)
    assert tuple(found[0]) == COLUMNS
    [one] = [r for r in found if (r["measures"], r["measure"], r["part"], r["delay_hours"])
             == ("scenarios", "shared_graph_realtime", "all", "2")]  # fmt: skip
    figures = body["scenarios"]["shared_graph_realtime"]
    assert float(one["extra_money_twd"]) == figures["extra_money_twd"]
    assert [float(one["money_twd_low"]), float(one["money_twd_high"])] == figures["money_twd_interval"]


def test_the_chart_names_each_scenario_beyond_each_bank_alone(body):
    for language in LANGUAGES:
        words = Words(language, PACKAGE)
        svg = curve_svg(body["curve"], words)
        for s in Scenario:
            assert (words.of("names", s) in svg) is (s is not Scenario.OWN_BANK)
        assert "DejaVu" not in svg and "<dc:date>" not in svg


def test_every_text_is_there_in_both_languages():
    texts = yaml.safe_load((files(PACKAGE) / "words.yaml").read_text(encoding="utf-8"))
    leaves = [t for t in texts.values() if "en" in t] + [t for g in texts.values() if "en" not in g for t in g.values()]
    assert len(leaves) >= 50
    for text in leaves:
        assert set(text) == set(LANGUAGES) and all(text.values())
        assert sorted(re.findall(r"{(\w+)", text["en"])) == sorted(re.findall(r"{(\w+)", text["zh_hant"]))
    assert set(texts["names"]) == {str(s) for s in Scenario}


@pytest.mark.parametrize(("value", "said"), [(None, "–"), (0, "0"), (1234.5, "1,234"), (-2563.8, "−2,564")])
def test_figures(value, said):
    assert whole(value) == said
    assert span(None) == "–" and span([0, 10]) == "0 – 10"
