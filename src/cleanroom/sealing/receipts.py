"""The room's signed answer to a submission, as an institution believes it."""

from pydantic import ValidationError

from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.messages import Receipt
from cleanroom.crypto.signing import verify
from cleanroom.errors import ManifestMalformed
from cleanroom.vocabulary.both import Both


def open_receipt(raw: bytes, *, room_key: str) -> Receipt:
    """`room_key`: Ed25519, base64url. Raises ManifestMalformed (not a receipt in canonical form), SignatureRefused."""
    try:
        receipt = Receipt.model_validate(parse_canonical(raw, what=Both("the receipt", "收據")))
    except ValidationError:
        raise ManifestMalformed(
            "the receipt does not have its form", zh="收據不符約定格式", rule="receipt_schema"
        ) from None
    verify(room_key, RECEIPT_DOMAIN, canonical_bytes(receipt.body), receipt.signature)
    return receipt
