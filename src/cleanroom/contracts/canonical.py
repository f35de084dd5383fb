"""Canonical JSON (RFC 8785) and the domain prefixes of everything that is signed or chained."""

import hashlib
import json

import rfc8785

from cleanroom.errors import ManifestMalformed
from cleanroom.vocabulary.both import Both

# A signature made for one purpose must never verify for another.
MANIFEST_DOMAIN = b"cleanroom/manifest/v1\n"
RECEIPT_DOMAIN = b"cleanroom/receipt/v1\n"
ANSWER_DOMAIN = b"cleanroom/answer/v1\n"
KEY_PROOF_DOMAIN = b"cleanroom/key-proof/v1\n"
AUDIT_DOMAIN = b"cleanroom/audit/v1\n"
WARNING_DOMAIN = b"cleanroom/warning/v1\n"
FACTOR_DOMAIN = b"cleanroom/factor/v1\n"
BRIDGE_DOMAIN = b"cleanroom/bridge/v1\n"
CHECKPOINT_DOMAIN = b"cleanroom/checkpoint/v1\n"
COSIGNATURE_DOMAIN = b"cleanroom/cosignature/v1\n"
CUSTODY_DOMAIN = b"cleanroom/custody/v1\n"
KEY_CHALLENGE_DOMAIN = b"cleanroom/key-challenge/v1\n"
EVIDENCE_PACK_DOMAIN = b"cleanroom/evidence-pack/v1\n"

_WHY = {
    rfc8785.IntegerDomainError: Both("an integer is beyond 2^53", "整數超出 2^53"),
    rfc8785.FloatDomainError: Both("a number is not finite", "數值非有限數"),
}


def canonical_bytes(value: object) -> bytes:
    """The one byte form of a JSON value. Integers beyond 2^53 and non-finite numbers are refused."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, ValueError, TypeError) as e:
        # The library's own text shows the value, which may be an identifier.
        why = _WHY.get(type(e), Both("a text is not Unicode, or something is no JSON", "文字非 Unicode，或內容非 JSON"))
        raise ManifestMalformed(
            f"the value has no canonical JSON form: {why.en}",
            zh=f"此值無正規 JSON 格式：{why.zh_hant}",
            rule="canonical_json",
        ) from None


def digest_of(value: object) -> str:
    """SHA-256, hex, of the canonical form."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def parse_canonical(raw: bytes, *, what: Both) -> object:
    """Parse JSON that must already be canonical: duplicate keys, NaN and other spellings are refused."""
    try:
        value = json.loads(raw, object_pairs_hook=no_duplicates, parse_constant=no_constants)
    except (ValueError, RecursionError) as e:
        raise ManifestMalformed(
            f"{what.en} is not JSON: {_why(e).en}",
            zh=f"{what.zh_hant}非 JSON：{_why(e).zh_hant}",
            rule="canonical_json",
        ) from None
    if canonical_bytes(value) != raw:
        raise ManifestMalformed(
            f"{what.en} is not in canonical form (RFC 8785)",
            zh=f"{what.zh_hant}非正規格式（RFC 8785）",
            rule="canonical_json",
        )
    return value


def _why(e: Exception) -> Both:
    """Without the parser's own words, which are about its work and not about the file."""
    if isinstance(e, UnicodeDecodeError):
        return Both("it is not text in UTF-8", "非 UTF-8 文字")
    if isinstance(e, json.JSONDecodeError):
        return Both(f"line {e.lineno} cannot be read", f"第 {e.lineno} 行無法讀取")
    if isinstance(e, RecursionError):
        return Both("it is nested too deep", "巢狀過深")
    return Both(str(e), "有重複之鍵，或含不允許之常數")  # of the two hooks below


def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """For `json.loads(object_pairs_hook=)`: two readers of one object must not come to see different values."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def no_constants(name: str) -> None:
    """For `json.loads(parse_constant=)`: NaN and Infinity are not JSON."""
    raise ValueError(f"{name} is not allowed")
