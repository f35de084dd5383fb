"""Numbers, dates and times are read whatever their spelling, and idioms are left alone."""

import itertools
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.governance.generative.numerals import value_of
from cleanroom.governance.generative.quantities import quantities
from cleanroom.governance.generative.texts import fold
from tests.factories.laws import LAW


def read(text: str) -> list[tuple]:
    return [(q.kind, q.value) for q in quantities(fold(text))]


def number(value) -> tuple:
    return "number", Decimal(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("新臺幣 3萬5千元", [number(35_000)]),
        ("３５，０００元", [number(35_000)]),
        ("三萬五", [number(35_000)]),
        ("3 萬 5 千元", [number(35_000)]),
        ("3萬5000元", [number(35_000)]),
        ("1.5萬元", [number("15000")]),
        ("2億3,000萬", [number(230_000_000)]),
        ("壹拾貳萬參仟元整", [number(123_000)]),
        ("一萬零五", [number(10_005)]),
        ("一百二", [number(120)]),
        ("十二筆、廿三筆", [number(12), number(23)]),
        ("NT$1,234.50", [number("1234.50")]),
        ("35 thousand, 1.2 million, 40k", [number(35_000), number("1200000"), number(40_000)]),
        ("twenty-five payments of three hundred and five dollars", [number(25), number(305)]),
        ("百分之五、5％、三成五、87 percent", [("percent", Decimal(n)) for n in (5, 5, 35, 87)]),
        ("民國114年3月5日", [("date", (2025, 3, 5))]),
        ("一一四年三月五日", [("date", (2025, 3, 5))]),
        ("民國一百一十四年三月", [("date", (2025, 3, None))]),
        ("114/03/05、2025-03-05、3/5", [("date", (2025, 3, 5)), ("date", (2025, 3, 5)), ("date", (None, 3, 5))]),
        (
            "March 5, 2025 and 6 March; March 2025",
            [("date", (2025, 3, 5)), ("date", (None, 3, 6)), ("date", (2025, 3, None))],
        ),
        (
            "下午2時5分、2:05 PM、14:05、凌晨12時",
            [("time", (14, 5)), ("time", (14, 5)), ("time", (14, 5)), ("time", (0, 0))],
        ),
        ("2025-03-05T14:05:00+08:00", [("date", (2025, 3, 5)), ("time", (14, 5))]),
        ("72小時內、近3年、3天、5日", [number(72), number(3), number(3), ("day", Decimal(5))]),
        ("以下兩點、下午兩點、三點半", [number(2), ("time", (14, 0)), ("time", (3, 30))]),
        ("1,2,3", [number(1), number(2), number(3)]),
    ],
)
def test_spellings(text, found):
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "萬一遇到，您千萬不要慌張，十分謹慎",
        "一下、一般、同一位、進一步",
        "one of them",
        "第三次",
        "星期三",
        "[F1] [G12]",
        "1. 您好\n2. 請問\n(3) 再見\n四、結束",
        "三方通話",
        "一時疏忽、早一點、單一時點",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_what_states_no_number(text):
    assert read(text) == []


def test_places_and_money():
    text = fold("共 3 筆，新臺幣 35,000 元")
    first, second = quantities(text)
    assert (text[first.begin : first.end], first.money) == ("3", False)
    assert (text[second.begin : second.end], second.money) == ("35,000", True)


DIGITS = "零一二三四五六七八九"


def in_characters(n: int) -> str:
    """The textbook writing, made from the other end than it is read."""
    if n >= 10**8:
        return in_characters(n // 10**8) + "億" + _rest(n % 10**8, 10**7)
    if n >= 10**4:
        return in_characters(n // 10**4) + "萬" + _rest(n % 10**4, 10**3)
    for unit, character in ((1000, "千"), (100, "百"), (10, "十")):
        if n >= unit:
            return DIGITS[n // unit] + character + _rest(n % unit, unit // 10)
    return DIGITS[n]


def _rest(n: int, highest: int) -> str:
    if n == 0:
        return ""
    return ("零" if n < highest else "") + in_characters(n)


@LAW
@given(st.integers(2, 10**11))
def test_every_number_reads_back_from_characters_and_figures(n):
    assert value_of(in_characters(n)) == n
    assert [q.value for q in quantities(f"新臺幣{n:,}元")] == [n]
    assert [q.value for q in quantities(fold(f"NT${n}".translate({48 + i: 0xFF10 + i for i in range(10)})))] == [n]


@LAW
@given(st.dates(date(1962, 1, 1), date(2199, 12, 31)))
def test_every_date_reads_back_in_every_form(day):
    y, m, d = day.year, day.month, day.day
    forms = [f"{y}-{m:02d}-{d:02d}", f"{y}/{m}/{d}", f"{y}年{m}月{d}日", f"民國{y - 1911}年{m}月{d}日",
             f"{day:%B} {d}, {y}" if y < 2100 else f"{y}.{m}.{d}"]  # fmt: skip
    for form in forms:
        assert read(form) == [("date", (y, m, d))], form


@LAW
@given(st.text(alphabet="0123456789零一二三十百千萬億,.:/-年月日時分元%成[]F \n", max_size=40))
def test_whatever_comes_is_read_without_overlap(text):
    found = quantities(fold(text))
    assert all(a.end <= b.begin for a, b in itertools.pairwise(found))


@pytest.mark.parametrize("unit", ["0", "1,", "1.", "三", "三萬", "1萬", " ", "\n", "1 ", "年", "1/", "one ", "12:"])
def test_a_long_run_is_read_in_time(unit):
    """A reading that tries every split of a run would not end before the sun does; the time-out of the suite tells."""
    quantities(fold(unit * (4000 // len(unit)) + "x"))
