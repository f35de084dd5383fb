"""Canonical identifiers: published answers, and laws that hold for every value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import MalformedRows
from cleanroom.vocabulary.terms import IdentifierKind

DIGITS = "0123456789"
FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})


def rule_of(kind, raw, institution=None):
    with pytest.raises(MalformedRows) as caught:
        canonical(kind, raw, institution=institution)
    assert len(raw) < 5 or raw not in str(caught.value)
    return caught.value.rule


@settings(deadline=None)
@given(st.text(DIGITS, min_size=6, max_size=16))
def test_account_numbers_are_padded_to_sixteen_digits(number):
    text = canonical("account", number, institution="808")
    assert text == "808" + "0" * (16 - len(number)) + number
    assert canonical("account", text[3:], institution="808") == text


@settings(deadline=None)
@given(st.sampled_from(["A123456789", "0912345678", "user@example.com", "22099131"]), st.text(" \t\u3000", max_size=4))
def test_width_and_surrounding_space_never_matter(raw, space):
    kind = {"A": "national_id", "0": "phone", "u": "email", "2": "business_no"}[raw[0]]
    assert canonical(kind, space + raw.translate(FULL_WIDTH) + space) == canonical(kind, raw)


@settings(deadline=None)
@given(st.sampled_from(list(IdentifierKind)), st.text(max_size=40))
def test_any_text_is_canonical_or_refused_and_canonical_text_stays(kind, raw):
    if not is_good(kind, raw):
        assert rule_of(kind, raw, "808")
        return
    text = canonical(kind, raw, institution="808")
    again = canonical(kind, text[3:] if kind == "account" else text, institution="808")
    assert again == text
    assert text.isprintable()


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(1, 9))
def test_any_single_wrong_digit_of_a_national_id_is_found_or_weighs_nothing(position, shift):
    good = "A123456789"
    if position == 0:
        return
    changed = str((int(good[position]) + shift) % 10)
    raw = good[:position] + changed + good[position + 1 :]
    # A check digit modulo 10 with even weights cannot tell every change; where it can, the value is refused.
    weight = (0, 8, 7, 6, 5, 4, 3, 2, 1, 1)[position]
    difference = weight * (int(changed) - int(good[position]))
    if difference % 10:
        with pytest.raises(MalformedRows):
            canonical("national_id", raw)


@pytest.mark.parametrize("letter", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
def test_exactly_one_check_digit_fits_each_number(letter):
    fits = [d for d in DIGITS if is_good("national_id", f"{letter}12345678{d}")]
    assert len(fits) == 1


def is_good(kind, raw):
    try:
        canonical(kind, raw, institution="808")
    except MalformedRows:
        return False
    return True


def test_one_business_number_in_five_fits_and_two_where_the_seventh_digit_is_seven():
    plain = [f"123450{n:02d}" for n in range(100) if n // 10 != 7]
    sevens = [f"1234507{n}" for n in range(10)]
    assert sum(is_good("business_no", b) for b in plain) == len(plain) // 5
    assert sum(is_good("business_no", b) for b in sevens) == 4


def test_the_rule_before_2023_is_a_part_of_todays():
    """Numbers given out under the old rule (divisible by 10) stay valid."""
    assert is_good("business_no", "04595257")
    assert is_good("business_no", "22099131")


@pytest.mark.parametrize(
    ("kind", "raw", "rule"),
    [
        ("phone", "", "identifier_empty"),
        ("phone", "+886" + "9" * 20, "phone_form"),
        ("email", "a" * 65 + "@example.com", "email_form"),
        ("device", "x\x00y", "identifier_text"),
        ("device", "x\u202ey", "identifier_text"),
        ("passport", "X1234567", "identifier_kind"),
        ("account", "１２３", "account_digits"),
        ("account", "²³⁴⁵⁶", "account_digits"),
        ("account", "١٢٣٤٥٦", "account_digits"),
    ],
)
def test_what_is_refused(kind, raw, rule):
    assert rule_of(kind, raw, "808") == rule


@pytest.mark.parametrize("institution", [None, "", "80", "8080", "8x8"])
def test_an_account_needs_its_institution(institution):
    assert rule_of("account", "123456789012", institution) == "account_institution"
