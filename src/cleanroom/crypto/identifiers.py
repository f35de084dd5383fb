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
        raise _refused("identifier_empty", "an identifier is empty", "識別碼空白")
    if len(text) > _LONGEST or not text.isprintable():
        raise _refused(
            "identifier_text", "an identifier is too long or holds a control character", "識別碼過長或含控制字元"
        )
    if kind == IdentifierKind.ACCOUNT:
        return _account(text, institution)
    rule = _RULES.get(kind)
    if rule is None:
        raise _refused(
            "identifier_kind",
            "an identifier has a kind that the specification does not know",
            "識別碼種類非資料規格所列",
        )
    return rule(text)


def fold(raw: str) -> str:
    """Full-width digits and letters to their plain forms (NFKC), then trimmed."""
    return (raw if raw.isascii() else unicodedata.normalize("NFKC", raw)).strip()


def _account(text: str, institution: str | None) -> str:
    code = fold(institution or "")
    if not _INSTITUTION.fullmatch(code):
        raise _refused("account_institution", "an account has no three-digit institution code", "帳號缺少三碼機構代碼")
    if not _ACCOUNT.fullmatch(text):
        raise _refused("account_digits", "an account number is not 6 to 16 digits", "帳號非 6 至 16 位數字")
    return code + text.zfill(ACCOUNT_DIGITS)


def _national_id(text: str) -> str:
    # Plain letters only, before they are raised: a dotless i would become one.
    if not _NATIONAL_ID.fullmatch(text):
        raise _refused(
            "national_id_form",
            "a national id or resident certificate does not have its form",
            "身分證字號或居留證號格式不符",
        )
    text = text.upper()
    if not national_id_holds(text):
        raise _refused(
            "national_id_checksum",
            "a national id or resident certificate fails its checksum",
            "身分證字號或居留證號檢查碼不符",
        )
    return text


def _business_no(text: str) -> str:
    if not _BUSINESS_NO.fullmatch(text):
        raise _refused("business_no_form", "a business number is not 8 digits", "統一編號非 8 位數字")
    if not business_no_holds(text):
        raise _refused("business_no_checksum", "a business number fails its checksum", "統一編號檢查碼不符")
    return text


def _phone(text: str) -> str:
    digits = _PHONE_PUNCTUATION.sub("", text)
    number = _international(digits)
    form = _TAIWAN_PHONE if number.startswith("+886") else _FOREIGN_PHONE
    if not form.fullmatch(number):
        raise _refused("phone_form", "a phone number cannot be written in E.164 form", "電話號碼無法轉為 E.164 格式")
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
        raise _refused("email_form", "an e-mail address does not have its form", "電子郵件格式不符")
    return text


def _as_it_is(text: str) -> str:
    return text


def _refused(rule: str, sentence: str, zh: str) -> MalformedRows:
    return MalformedRows(sentence, zh=zh, rule=rule)


_RULES: dict[str, Callable[[str], str]] = {
    IdentifierKind.NATIONAL_ID: _national_id,
    IdentifierKind.BUSINESS_NO: _business_no,
    IdentifierKind.PHONE: _phone,
    IdentifierKind.EMAIL: _email,
    IdentifierKind.DEVICE: _as_it_is,
    IdentifierKind.PLATFORM_ACCOUNT: _as_it_is,
}
