"""Opening what was verified: ciphertext digest, envelope, plaintext digest, table. In memory, never on a disk."""

import hashlib
import io
from pathlib import Path

import pyarrow as pa

from cleanroom.contracts.manifest import Manifest, Part
from cleanroom.contracts.specification import DatasetContract
from cleanroom.contracts.tables import sealed_schema
from cleanroom.crypto.envelope import open_into, recipient_of
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.errors import ContentTampered, KeyRefused, Where
from cleanroom.intake.tables import read_table

_IDENTITY_CAP_BYTES = 256


def check_recipient(manifest: Manifest, ring: RoomKeyRing) -> None:
    if manifest.recipient_kid not in ring.recipient_kids:
        raise KeyRefused(
            "the submission is sealed to a key that the clean room does not hold",
            zh="上傳件所封裝之收件金鑰，非無塵室所持有",
            rule="recipient_kid",
        )


def check_key(sealed: bytes, manifest: Manifest) -> None:
    """The object with the submission's key is the one that was signed. Raises ContentTampered."""
    if len(sealed) != manifest.key.bytes or hashlib.sha256(sealed).hexdigest() != manifest.key.sha256:
        raise ContentTampered(
            "the submission's key is not the one that was signed", zh="上傳件之金鑰與所簽署者不同", rule="key_digest"
        )


def open_key(sealed: bytes, manifest: Manifest, ring: RoomKeyRing) -> str:
    """The submission's own age identity. Raises ContentTampered."""
    check_key(sealed, manifest)
    identity = ring.decrypt(sealed, cap_bytes=_IDENTITY_CAP_BYTES).decode(errors="replace")
    if recipient_of(identity) != manifest.key.recipient:
        raise ContentTampered(
            "the submission's key is another one than the manifest names",
            zh="上傳件之金鑰與清單所載者不同",
            rule="key_pair",
        )
    return identity


def check_ciphertext(path: Path, part: Part) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if path.stat().st_size != part.ciphertext_bytes or digest != part.ciphertext_sha256:
        raise ContentTampered(
            "the file's bytes are not those that were signed",
            zh="檔案內容與所簽署者不同",
            where=_in(part),
            rule="ciphertext",
        )


def open_part(path: Path, part: Part, contract: DatasetContract, identity: str) -> pa.Table:
    """Rows of `sealed_schema`; row numbers rise. Raises ContentTampered, TooLarge."""
    check_ciphertext(path, part)
    rows = read_table(decrypt_part(path, part, identity), part, sealed_schema(contract))
    numbers = rows["row_number"].to_numpy()
    if len(numbers) and (numbers[0] < 1 or (numbers[1:] <= numbers[:-1]).any()):
        raise out_of_order()
    return rows


def out_of_order() -> ContentTampered:
    """Each row came from one row of the clear file, so its number is higher than the one before."""
    return ContentTampered(
        "row numbers do not rise", zh="列號未遞增", where=Where(column="row_number"), rule="row_number"
    )


def decrypt_part(path: Path, part: Part, identity: str) -> bytes:
    """The table's bytes, as they were signed. Raises ContentTampered."""
    sink = io.BytesIO()
    try:
        with path.open("rb") as file:
            passed = open_into(file, sink, [identity], cap_bytes=part.plaintext_bytes)
    except ContentTampered as e:
        raise ContentTampered(e.sentence, zh=e.zh, where=_in(part), rule=e.rule) from None  # which part it was
    if (passed.plaintext.bytes, passed.plaintext.sha256) != (part.plaintext_bytes, part.plaintext_sha256):
        raise ContentTampered(
            "the opened bytes are not those that were signed",
            zh="開啟後之內容與所簽署者不同",
            where=_in(part),
            rule="plaintext",
        )
    return sink.getvalue()


def _in(part: Part) -> Where:
    return Where(file=part.name)
