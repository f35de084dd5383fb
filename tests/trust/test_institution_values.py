"""Values in odd forms: amounts, days of the Republic's calendar, times that do not exist, spellings of accounts."""

from datetime import UTC, datetime

from cleanroom import errors
from tests.factories.attacks import Attack, Side, attack
from tests.factories.clean_room import HEADERS
from tests.factories.reports import only, refusal, refused_with_report


def put(room, code, column, value, *, row=2, dataset="transfers"):
    """One value of the institution's file is another."""
    data = room.data[code]
    rows = data.rows[dataset]
    rows[row - 1][HEADERS[dataset].index(column)] = value
    only(room, code, dataset, *rows)
    return f"{dataset}.csv"


def landed(room, code, column, dataset="transfers"):
    room.seal(code)
    room.take_in(code)
    with room.opened() as opened:
        return opened.warehouse.query(f"select {column} as c from landing.{dataset} order by row_number")[
            "c"
        ].to_pylist()


# --- amounts --------------------------------------------------------------------------------------------------------


def amount(name, done_zh, value, rule="decimal_form"):
    shown = value if value.isascii() and value.isprintable() else ascii(value)
    return refusal(name, f"an amount is written {shown}", done_zh, rule, value)


@attack(
    amount("amount with a thousands comma", "金額含千分位逗號", '"1,234.50"'),
    amount("amount with a currency", "金額含幣別", "NT$5"),
    amount("amount with an exponent", "金額為科學記號", "1e3"),
    amount("negative amount", "金額為負數", "-5"),
    amount("negative zero", "金額為負零", "-0"),
    amount("amount with a plus", "金額含正號", "+5"),
    amount("amount of three decimals", "金額有三位小數", "0.001"),
    amount("amount of 18 digits", "金額長達十八位", "123456789012345678"),
    amount("amount without whole part", "金額缺整數部分", ".5"),
    amount("amount that ends in its point", "金額以小數點結尾", "5."),
    amount("amount in Chinese numerals", "金額為國字", "五百"),
    amount("amount in Arabic-Indic digits", "金額為阿拉伯文數字", "٥٠٠"),
    amount("amount with a superscript", "金額含上標數字", "10²"),
    amount("amount with a circled digit", "金額含圈碼數字", "①00"),
    amount("amount that is no number", "金額為 NaN", "NaN"),
    amount("amount that is a formula", "金額為試算表公式", "=HYPERLINK(A1)"),
    amount("amount of nothing", "金額為零", "0.00", "exclusive_minimum"),
    amount("amount left out", "金額空白", "", "required"),
)
def test_amounts_in_odd_forms(case, clean_room):
    file = put(clean_room, "822", "amount_twd", case.means)
    line = refused_with_report(case, clean_room, "822", file, row=2, column="amount_twd")
    assert len(line["values"]) == (0 if case.attack.rule == "required" else 1)


@attack(
    Attack(
        "full-width amount", Side.INSTITUTION, "an amount is written in full-width digits", "金額為全形數字",
        outcome="it is the same amount", outcome_zh="視為相同金額", means=("２００", 200_00),
    ),
    Attack(
        "amount with blanks", Side.INSTITUTION, "an amount stands between blanks", "金額前後有空白",
        outcome="it is the same amount", outcome_zh="視為相同金額", means=(" 　7.5 ", 7_50),
    ),
    Attack(
        "amount of 16 digits", Side.INSTITUTION, "an amount is the largest that the column holds", "金額為欄位上限",
        outcome="it is exact to the cent", outcome_zh="精確至分",
        means=("9999999999999999.99", 999_999_999_999_999_999),
    ),
)  # fmt: skip
def test_amounts_that_are_good(case, clean_room):
    text, cents = case.means
    put(clean_room, "822", "amount_twd", text)
    assert landed(clean_room, "822", "amount_cents")[1] == cents
    case.held()


# --- days and times ---------------------------------------------------------------------------------------------------


def time(name, done_zh, value, code="700", *, rule="timestamp_form"):
    calendar = {"700": "the Republic's", "822": "Gregorian"}[code]
    return refusal(name, f"a time of the {calendar} calendar is {value!a}", done_zh, rule, (code, value))


@attack(
    time("year 0 of the Republic", "民國 0 年", "0/01/01 10:00:00"),
    time("year before the Republic", "民國前", "-1/01/01 10:00:00"),
    time("29 February of a common year", "平年 2 月 29 日", "114/2/29 10:00:00"),
    time("29 February 115", "民國 115 年 2 月 29 日", "115/2/29 10:00:00"),
    time("Gregorian year in a file of the Republic's calendar", "民國曆檔案混入西元年", "2025/04/02 10:00:00"),
    time("Republic's year in a Gregorian file", "西元檔案混入民國年", "114/04/02 10:00:00", "822"),
    time("year with its era in words", "年份含「民國」字樣", "民國114年4月2日 10:00"),
    time("day without a time", "僅有日期", "114/04/02"),
    time("24 o'clock", "24 時", "114/04/02 24:00:00"),
    time("leap second", "閏秒", "2025-04-02T23:59:60Z", "822"),
    time("twelve-hour clock", "十二小時制", "114/04/02 10:00:00 PM"),
    time("spreadsheet's serial number", "試算表日期序號", "45749.41667"),
    time("zone by name", "時區為名稱", "2025-04-02T10:00:00 Asia/Taipei", "822"),
    time("seven decimals of a second", "秒有七位小數", "2025-04-02T10:00:00.1234567Z", "822"),
    time("time left out", "時間空白", "", rule="required"),
)
def test_times_that_are_none(case, clean_room):
    code, value = case.means
    file = put(clean_room, code, "executed_at", value)
    refused_with_report(case, clean_room, code, file, row=2, column="executed_at")


@attack(
    Attack(
        "hour that summer time skipped", Side.INSTITUTION,
        "a local time falls into the hour that Taiwan's clocks skipped on 1 July 1979",
        "時間落於 1979 年日光節約時間跳過之一小時",
        refused=errors.MalformedRows, rule="timestamp_form", verb="sealing.refused", means="1979-07-01 00:30:00",
    ),
    Attack(
        "skipped hour of 1946", Side.INSTITUTION,
        "a local time falls into the hour that Taiwan's clocks skipped on 15 May 1946",
        "時間落於 1946 年日光節約時間跳過之一小時",
        refused=errors.MalformedRows, rule="timestamp_form", verb="sealing.refused", means="1946-05-15 00:30:00",
    ),
)  # fmt: skip
def test_hours_that_were_skipped(case, clean_room):
    file = put(clean_room, "822", "executed_at", case.means)
    refused_with_report(case, clean_room, "822", file, row=2, column="executed_at")


LOCAL = {
    # Standard time, summer time, and the hour that was twice there: the earlier of the two is meant.
    "1973-07-01 12:00:00": datetime(1973, 7, 1, 4, tzinfo=UTC),
    "1974-07-01 12:00:00": datetime(1974, 7, 1, 3, tzinfo=UTC),
    "1975-07-01 12:00:00": datetime(1975, 7, 1, 3, tzinfo=UTC),
    "1979-08-01 12:00:00": datetime(1979, 8, 1, 3, tzinfo=UTC),
    "1979-09-30 23:30:00": datetime(1979, 9, 30, 14, 30, tzinfo=UTC),
    "1946-06-01 12:00:00": datetime(1946, 6, 1, 3, tzinfo=UTC),
    "1961-07-01 12:00:00": datetime(1961, 7, 1, 3, tzinfo=UTC),
    "1962-07-01 12:00:00": datetime(1962, 7, 1, 4, tzinfo=UTC),
    "2025-04-01 12:00:00": datetime(2025, 4, 1, 4, tzinfo=UTC),
}


@attack(
    Attack(
        "times without a zone, and years with summer time", Side.INSTITUTION,
        "times of 1946 to 2025 have no offset", "時間未載明時區，含實施日光節約時間之年份",
        outcome="each is Taipei's local time of its year; an hour that was twice there is the earlier one",
        outcome_zh="均依該年之臺北時間；重複之一小時取較早者",
    )
)  # fmt: skip
def test_times_without_a_zone(case, clean_room):
    data = clean_room.data["822"]
    model = data.rows["transfers"][0]
    data.declaration = {"period": {"from": "1946-01-01", "to": "2025-04-30"}}
    place = HEADERS["transfers"].index("executed_at")
    rows = [[f"822-{n}", *model[1:place], text, *model[place + 1 :]] for n, text in enumerate(LOCAL)]
    only(clean_room, "822", "transfers", *rows)
    assert [t.replace(tzinfo=UTC) for t in landed(clean_room, "822", "executed_at")] == list(LOCAL.values())
    case.held()


# --- identifiers ------------------------------------------------------------------------------------------------------

PLAIN = "822000000001"
FULL_WIDTH = "".join(chr(ord(digit) + 0xFEE0) for digit in PLAIN)
SPELLINGS = [PLAIN, FULL_WIDTH, f"  {PLAIN}", f"{PLAIN}\u3000", f"0{PLAIN}", PLAIN.zfill(16)]


@attack(
    Attack(
        "one account in six spellings", Side.INSTITUTION,
        "one account is written plain, full-width, with blanks before and after, and with zeros before it",
        "同一帳號以六種寫法出現",
        outcome="all six give one token", outcome_zh="六種寫法得同一代碼",
    )
)  # fmt: skip
def test_one_account_in_six_spellings(case, clean_room):
    place = HEADERS["transfers"].index("sender_account")
    model = ["822-0", "C1", "2025-04-02T09:00:00+08:00", "822", "", "808", "808000000001", "1", "atm", "0", "0"]
    rows = [[f"822-{n}", *model[1:place], text, *model[place + 1 :]] for n, text in enumerate(SPELLINGS)]
    only(clean_room, "822", "transfers", *rows)
    tokens = landed(clean_room, "822", "sender_account_token")
    assert len(set(SPELLINGS)) == len(tokens) == 6
    assert len(set(tokens)) == 1
    case.held()


@attack(
    Attack(
        "same digits as a phone and as an account", Side.INSTITUTION,
        "the digits of a phone number are also an account number", "同一串數字既為電話亦為帳號",
        outcome="the tokens differ: each kind is hashed for itself", outcome_zh="兩者代碼不同，各類識別碼分別雜湊",
    )
)  # fmt: skip
def test_same_digits_as_phone_and_account(case, clean_room):
    holder = ["national_id", "A123456789"]
    digits = "886912345678"
    rows = [
        [*holder, "phone", digits, "", "2025-04-01T00:00:00+08:00", ""],
        [*holder, "account", digits, "822", "2025-04-01T00:00:00+08:00", ""],
        [*holder, "platform_account", digits, "", "2025-04-01T00:00:00+08:00", ""],
        [*holder, "device", digits, "", "2025-04-01T00:00:00+08:00", ""],
    ]
    only(clean_room, "822", "holdings", *rows)
    tokens = landed(clean_room, "822", "asset_token", "holdings")
    assert len(set(tokens)) == len(tokens) == 4
    case.held()


@attack(
    refusal("national id with a wrong check digit", "a digit of a national id was mistyped", "身分證字號檢查碼不符",
            "national_id_checksum", "A123456788"),
    refusal("account with hyphens", "an account is written with hyphens", "帳號含連字號", "account_digits",
            "82-2000-000001"),
    refusal("account in exponent form", "a spreadsheet turned an account into 8.22E+11", "試算表將帳號轉為科學記號",
            "account_digits", "8.22E+11"),
)  # fmt: skip
def test_identifiers_in_odd_forms(case, clean_room):
    column = "holder_id" if case.attack.rule.startswith("national") else "account"
    data = clean_room.data["822"]
    data.rows["accounts"][1][HEADERS["accounts"].index(column)] = case.means
    only(clean_room, "822", "accounts", *data.rows["accounts"])
    line = refused_with_report(case, clean_room, "822", "accounts.csv", row=2, column=column)
    assert line["values"] == [case.means]
    assert case.means not in str(case.error)
    assert case.means not in clean_room.own_events("822")[-1].model_dump_json()
