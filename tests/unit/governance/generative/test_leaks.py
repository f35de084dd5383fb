"""Identifiers are found by form and check digit, next to Chinese characters and in disguise; figures are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contracts.identifier_checksums import business_no_holds, card_holds, national_id_holds
from cleanroom.governance.generative.leaks import leaked, leaks
from cleanroom.synthetic import identities
from tests.factories.laws import LAW

PERSON, FIRM = identities.national_id(12, 1), identities.business_no(5)


def kinds(text: str) -> list[str]:
    return [leak.kind for leak in leaks(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"客戶{PERSON}的帳", "national_id"),
        ("Ａ１２３４５６７８９先生", "national_id"),
        ("身分證A 1 2 3 4 5 6 7 8 9", "national_id"),
        ("證號a\u200b123456789號", "national_id"),
        ("居留證A800000014舊式", "national_id"),
        ("居留證AC01234567新式", "national_id"),
        (f"統編{FIRM}公司", "business_no"),
        ("手機0912-345-678請", "mobile"),
        ("撥０９１２３４５６７８", "mobile"),
        ("+886 912 345 678", "mobile"),
        ("886912345678", "mobile"),
        ("零九一二三四五六七八", "mobile"),
        ("電話(02)2345-6789轉", "landline"),
        ("電話037-123456", "landline"),
        ("+886-2-2345-6789", "landline"),
        ("信箱a.b@example.com寄", "email"),
        ("卡號4111 1111 1111 1111到期", "card"),
        ("帳號012-345678901234行", "account"),
        ("帳號0123456789", "account"),
        ("代碼" + "0123456789abcdef" * 2, "token"),
    ],
)
def test_found(text, kind):
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "A123456788",
        "AC01234568",
        "統編12345678",
        "客服0800-123-456",
        "2025-03-05 14:05",
        "20250305140500",
        "20250305",
        "新臺幣12345675元",
        "NT$ 1,234,567,890",
        "請撥165或110，機構808，114年3月5日，35,000 元",
        "版本 1.2.3.4",
        "0000000000",
    ],
)
def test_left_alone(text):
    assert kinds(text) == []


def test_what_the_case_planted_is_no_leak_of_the_prompt():
    text = "客戶 0900-000-123 與 A123456789"
    assert leaked(text) == ["mobile", "national_id"]
    assert leaked(text, allowed=["０９００-０００-１２３"]) == ["national_id"]
    assert leaked(text, allowed=["0900000123", "a123456789"]) == []


@LAW
@given(st.integers(0, 999_999), st.sampled_from([1, 2]), st.sampled_from("客戶帳號，。；「a1 "))
def test_a_valid_id_is_found_and_a_changed_digit_is_not(serial, sex, before):
    person = identities.national_id(serial, sex)
    assert national_id_holds(person)
    wrong = person[:-1] + str((int(person[-1]) + 1) % 10)
    touching = before in "a1"  # another letter or digit before it: part of a longer word
    assert ("national_id" in kinds(f"{before}{person}的")) is not touching
    assert "national_id" not in kinds(f"，{wrong}的")


def test_check_digits():
    assert business_no_holds("04595257") and business_no_holds(FIRM) and not business_no_holds("04595253")
    assert business_no_holds("10458570")  # divisible by 5 only since 2023
    assert business_no_holds("10458575")
    assert card_holds("4111111111111111") and not card_holds("4111111111111112") and not card_holds("411111")
