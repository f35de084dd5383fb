"""Canonical identifiers: one spelling per thing, the same at every institution, before anything is hashed.

Rules: data specification, "Identifiers". A value that fails its rule is refused here and never hashed; the refusal
names the rule and never the value. Check digits: cleanroom.contracts.identifier_checksums.
"""

import re
import unicodedata
from collections.abc import Callable

from cleanroom.contracts.identifier_checksums import business_no_holds, national_id_holds
from cleanroom.errors import MalformedRows
from cleanroom.vocabulary.terms import IdentifierKind

ACCOUNT_DIGITS, ACCOUNT_SHORTEST = 16, 6
INSTITUTION_DIGITS = 3

_NATIONAL_ID = re.compile(r"[A-Za-z][1289A-Da-d][0-9]{8}")
_BUSINESS_NO = re.compile(r"[0-9]{8}")
_ACCOUNT = re.compile(rf"[0-9]{{{ACCOUNT_SHORTEST},{ACCOUNT_DIGITS}}}")
_INSTITUTION = re.compile(rf"[0-9]{{{INSTITUTION_DIGITS}}}")
_TAIWAN_PHONE = re.compile(r"\+886(9[0-9]{8}|[2-8][0-9]{7,9})")
_FOREIGN_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_PUNCTUATION = re.compile(r"[ \-().\u2010-\u2015\u2212]")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_LONGEST = 254


def canonical(kind: str, raw: str, *, institution: str | None = None) -> str:
    """The canonical text of one identifier. `institution` (3 digits) is needed for accounts.

    Raises MalformedRows whose `rule` says what is wrong, for example `national_id_checksum`.
    """
    text = fold(raw)
    if not text:
        raise _refused("identifier_empty", "an identifier is empty")
    if len(text) > _LONGEST or not text.isprintable():
        raise _refused("identifier_text", "an identifier is too long or holds a control character")
    if kind == IdentifierKind.ACCOUNT:
        return _account(text, institution)
    rule = _RULES.get(kind)
    if rule is None:
        raise _refused("identifier_kind", "an identifier has a kind that the specification does not know")
    return rule(text)


def fold(raw: str) -> str:
    """Full-width digits and letters to their plain forms (NFKC), then trimmed."""
    return (raw if raw.isascii() else unicodedata.normalize("NFKC", raw)).strip()


def _account(text: str, institution: str | None) -> str:
    code = fold(institution or "")
    if not _INSTITUTION.fullmatch(code):
        raise _refused("account_institution", "an account has no three-digit institution code")
    if not _ACCOUNT.fullmatch(text):
        raise _refused("account_digits", "an account number is not 6 to 16 digits")
    return code + text.zfill(ACCOUNT_DIGITS)


def _national_id(text: str) -> str:
    # Plain letters only, before they are raised: a dotless i would become one.
    if not _NATIONAL_ID.fullmatch(text):
        raise _refused("national_id_form", "a national id or resident certificate does not have its form")
    text = text.upper()
    if not national_id_holds(text):
        raise _refused("national_id_checksum", "a national id or resident certificate fails its checksum")
    return text


def _business_no(text: str) -> str:
    if not _BUSINESS_NO.fullmatch(text):
        raise _refused("business_no_form", "a business number is not 8 digits")
    if not business_no_holds(text):
        raise _refused("business_no_checksum", "a business number fails its checksum")
    return text


def _phone(text: str) -> str:
    digits = _PHONE_PUNCTUATION.sub("", text)
    number = _international(digits)
    form = _TAIWAN_PHONE if number.startswith("+886") else _FOREIGN_PHONE
    if not form.fullmatch(number):
        raise _refused("phone_form", "a phone number cannot be written in E.164 form")
    return number


def _international(digits: str) -> str:
    """National numbers begin with 0 and are Taiwan's; `00` and `+` begin an international one."""
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = "+886" + digits[1:]
    elif digits.startswith("886"):
        digits = "+" + digits
    # "+886 (0)912 ..." keeps the national zero by mistake.
    return "+886" + digits[5:] if digits.startswith("+8860") else digits


def _email(text: str) -> str:
    text = text.lower()
    if not _EMAIL.fullmatch(text):
        raise _refused("email_form", "an e-mail address does not have its form")
    return text


def _as_it_is(text: str) -> str:
    return text


def _refused(rule: str, sentence: str) -> MalformedRows:
    return MalformedRows(sentence, rule=rule)


_RULES: dict[str, Callable[[str], str]] = {
    IdentifierKind.NATIONAL_ID: _national_id,
    IdentifierKind.BUSINESS_NO: _business_no,
    IdentifierKind.PHONE: _phone,
    IdentifierKind.EMAIL: _email,
    IdentifierKind.DEVICE: _as_it_is,
    IdentifierKind.PLATFORM_ACCOUNT: _as_it_is,
}
