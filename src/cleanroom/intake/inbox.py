"""Where a submission lies, and who may have put it there: the checks of a manifest, in the order of the design.

Design: trust, "Envelope". Each function raises the refusal of its own check; the pipeline calls them in order.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cleanroom.contracts.canonical import MANIFEST_DOMAIN
from cleanroom.contracts.manifest import (
    DRAW_DIGITS,
    ENVELOPE_OVERHEAD_BYTES,
    INBOX,
    MANIFEST_NAME,
    MAX_PARTS,
    PART_PLAINTEXT_CAP_BYTES,
    PART_ROWS_CAP,
    RECEIPTS,
    Manifest,
    SignedManifest,
)
from cleanroom.contracts.messages import ParticipantGate
from cleanroom.contracts.specification import Specification
from cleanroom.contracts.standing import check_active, check_mou, check_specification, registered_signing_key
from cleanroom.crypto.signing import verify
from cleanroom.errors import (
    ContentTampered,
    ManifestMalformed,
    NotTheOwner,
    TooLarge,
    Where,
)
from cleanroom.vocabulary.terms import Dataset, UploadState

ANSWERS = (UploadState.ACCEPTED, UploadState.REFUSED, UploadState.QUARANTINED)  # one of them ends the waiting

_PLACE = rf"([0-9]{{3}})/({'|'.join(Dataset)})/([0-9]{{8}})/([0-9a-f]{{{DRAW_DIGITS}}})"
_MANIFEST = re.compile(rf"{INBOX}/{_PLACE}/{re.escape(MANIFEST_NAME)}")
_RECEIPT = re.compile(rf"{RECEIPTS}/{_PLACE}/({'|'.join(UploadState)})\.json")


@dataclass(frozen=True, order=True)
class InboxPath:
    """What the place of a manifest says. Ordered by dataset and sequence."""

    participant: str
    dataset: Dataset
    sequence: int
    draw: str

    @classmethod
    def parse(cls, name: str) -> "InboxPath | None":
        """None for names that are no manifest's place."""
        return cls._of(_MANIFEST.fullmatch(name))

    @classmethod
    def of_receipt(cls, name: str) -> "tuple[InboxPath, UploadState] | None":
        """The place that a receipt answers, and its answer; None for names that are no receipt's."""
        found = _RECEIPT.fullmatch(name)
        return (cls._of(found), UploadState(found[5])) if found else None

    @classmethod
    def _of(cls, found: re.Match[str] | None) -> "InboxPath | None":
        return cls(found[1], Dataset(found[2]), int(found[3]), found[4]) if found else None

    @property
    def place(self) -> str:
        return f"{self.participant}/{self.dataset}/{self.sequence:08d}/{self.draw}"

    @property
    def folder(self) -> str:
        return f"{INBOX}/{self.place}"

    @property
    def manifest(self) -> str:
        return f"{self.folder}/{MANIFEST_NAME}"


def check_size(path: InboxPath, sizes: Mapping[str, int], *, cap_bytes: int) -> None:
    """`sizes`: object name -> bytes, everything in the submission's folder. Before the manifest is read."""
    if len(sizes) > MAX_PARTS + 1:
        raise TooLarge(
            f"more than {MAX_PARTS} parts are not taken",
            zh=f"分割檔至多 {MAX_PARTS} 個",
            where=_at(path),
            rule="part_count",
        )
    total = sum(sizes.values())
    if total > cap_bytes:
        raise TooLarge(
            f"the submission has {total} bytes; at most {cap_bytes} are taken",
            zh=f"上傳件為 {total} 位元組，上限為 {cap_bytes} 位元組",
            where=_at(path),
            rule="size_cap",
        )


def check_caps(manifest: Manifest) -> None:
    """What was signed of each part stays within what one worker opens in memory. Raises TooLarge, ManifestMalformed."""
    for part in manifest.parts:
        where = Where(file=part.name)
        if part.plaintext_bytes > PART_PLAINTEXT_CAP_BYTES or part.rows > PART_ROWS_CAP:
            raise TooLarge(
                f"a part holds at most {PART_ROWS_CAP} rows and {PART_PLAINTEXT_CAP_BYTES} bytes; send more parts",
                zh=f"單一分割檔至多 {PART_ROWS_CAP} 列、{PART_PLAINTEXT_CAP_BYTES} 位元組；請增加分割檔數",
                where=where,
                rule="part_cap",
            )
        if part.ciphertext_bytes > part.plaintext_bytes + part.plaintext_bytes // 1024 + ENVELOPE_OVERHEAD_BYTES:
            raise ManifestMalformed(
                "an envelope is not that much larger than its content",
                zh="封裝大小與其內容大小不相當",
                where=where,
                rule="sizes",
            )


def check_signature(signed: SignedManifest, gate: ParticipantGate) -> None:
    """`gate`: of the participant of the *path*, whose registered key must verify; not of whom the manifest names."""
    key = registered_signing_key(gate, signed.signing_kid)
    verify(key.public_key, MANIFEST_DOMAIN, signed.manifest.canonical(), signed.signature)


def check_place(path: InboxPath, manifest: Manifest, names: Iterable[str]) -> None:
    """Participant, dataset and sequence as the path says; exactly the parts that the manifest names."""
    if manifest.participant != path.participant:
        raise NotTheOwner(
            f"the manifest names participant {manifest.participant} in the inbox of {path.participant}",
            zh=f"清單所載參與機構為 {manifest.participant}，而收件匣屬 {path.participant}",
            where=_at(path),
            rule="path_participant",
        )
    if manifest.folder != path.folder:
        raise ManifestMalformed(
            "the manifest's dataset or sequence is not that of its place",
            zh="清單所載資料集或序號與其所在路徑不同",
            where=_at(path),
            rule="path",
        )
    expected = {f"{path.folder}/{part.name}" for part in manifest.parts} | {path.manifest}
    if set(names) != expected or len(expected) != len(manifest.parts) + 1:
        raise ContentTampered(
            "the parts are not those that the manifest names", zh="分割檔與清單所列不同", where=_at(path), rule="parts"
        )
    if manifest.rows != sum(part.rows for part in manifest.parts):
        raise ManifestMalformed(
            "the parts' rows do not add up", zh="各分割檔列數之和不符", where=_at(path), rule="rows"
        )


def check_sizes(manifest: Manifest, sizes: Mapping[str, int]) -> None:
    """Every part has the size that was signed; `sizes`: object name -> bytes. So no more than that is downloaded."""
    for part in manifest.parts:
        if sizes[f"{manifest.folder}/{part.name}"] != part.ciphertext_bytes:
            raise ContentTampered(
                "the file's bytes are not those that were signed",
                zh="檔案內容與所簽署者不同",
                where=Where(file=part.name),
                rule="ciphertext",
            )


def check_standing(manifest: Manifest, gate: ParticipantGate, *, now: datetime) -> Specification:
    """Active, MoU in force, and the specification version in force with its ratified text."""
    check_active(gate)
    check_mou(gate, now=now)
    return check_specification(gate, version=manifest.specification_version, now=now)


def _at(path: InboxPath) -> Where:
    return Where(file=path.place)
