"""What an attacker, or an accident, does to a submission that lies in the inbox."""

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.canonical import MANIFEST_DOMAIN
from cleanroom.contracts.manifest import DRAW_DIGITS, MANIFEST_NAME, Manifest, SignedManifest
from cleanroom.crypto.envelope import open_bytes, seal_bytes
from cleanroom.crypto.keyring import ParticipantKeyRing
from tests.factories.clean_room import CleanRoom

PART = "part-00000.parquet.age"
NEXT_PERIOD = {"from": "2025-05-01", "to": "2025-05-31"}


@dataclass(frozen=True)
class Waiting:
    """One submission in the inbox, as files on the disk of the local store."""

    room: CleanRoom
    code: str
    dataset: str
    sequence: int = 1

    @property
    def number(self) -> str:
        """Where every submission of this sequence number lies."""
        return f"{self.code}/{self.dataset}/{self.sequence:08d}"

    @property
    def place(self) -> str:
        return f"{self.number}/{self.folder.name}"

    @property
    def folder(self) -> Path:
        """Of the submission that was sent last under this number."""
        drawn = (self.room.settings.objects_dir / "inbox" / self.number).iterdir()
        return max(drawn, key=lambda folder: (folder / MANIFEST_NAME).stat().st_mtime_ns)

    @property
    def part(self) -> Path:
        return self.folder / PART

    @property
    def signed(self) -> SignedManifest:
        return SignedManifest.from_bytes((self.folder / MANIFEST_NAME).read_bytes())

    @property
    def key(self) -> Path:
        return self.room.settings.objects_dir / self.signed.manifest.key_name

    @property
    def identity(self) -> str:
        """The submission's own secret identity, opened as the room would."""
        return self.room.ring.decrypt_file(self.key).decode()

    def write_manifest(self, raw: bytes) -> None:
        path = self.folder / MANIFEST_NAME
        path.unlink()
        path.write_bytes(raw)

    def sign_again(self, *, ring: ParticipantKeyRing | None = None, kid: str | None = None, **changes) -> Manifest:
        """The manifest with other fields, signed by `ring` (the participant's own by default) under `kid`."""
        ring = ring or self.room.ring_of(self.code)
        manifest = Manifest.model_validate({**self.signed.manifest.model_dump(), **changes})
        signature = ring.sign(MANIFEST_DOMAIN, manifest.canonical())
        signed = SignedManifest(manifest=manifest, signing_kid=kid or ring.signing_kid, signature=signature)
        self.write_manifest(signed.to_bytes())
        return manifest

    def under_another_key(self) -> "Waiting":
        """The same parts, sent once more under the same number as another submission: what draws the place changed."""
        sealed = seal_bytes(self.identity.encode(), self.room.ring.recipient)
        target = self._place_of(sealed)
        shutil.copytree(self.folder, target)
        (target / MANIFEST_NAME).touch()  # so that it is the last one sent
        return self._with_key(sealed)

    def moved_under_key(self, sealed: bytes) -> "Waiting":
        """This submission with another key object, signed: its place is drawn from the key's digest, so it moves."""
        self.folder.rename(self._place_of(sealed))
        return self._with_key(sealed)

    def _place_of(self, sealed_key: bytes) -> Path:
        return self.folder.with_name(sha256(sealed_key).hexdigest()[:DRAW_DIGITS])

    def _with_key(self, sealed: bytes) -> "Waiting":
        key = self.signed.manifest.key.model_copy(update={"bytes": len(sealed), "sha256": sha256(sealed).hexdigest()})
        manifest = self.sign_again(key=key)
        self.room.objects.put_bytes(manifest.key_name, sealed)
        return self

    def rows(self) -> pa.Table:
        """What was sealed in the first part, opened as the room would."""
        return pq.read_table(io.BytesIO(open_bytes(self.part.read_bytes(), [self.identity])))

    def replace_rows(self, change: Callable[[pa.Table], pa.Table | bytes], **changes) -> None:
        """Open the envelope as the room would, change the rows, seal and sign them again: a participant gone bad."""
        changed = change(self.rows())
        plaintext = changed if isinstance(changed, bytes) else parquet(changed)
        rows = changed.num_rows if isinstance(changed, pa.Table) else self.signed.manifest.rows
        inside = {"plaintext_bytes": len(plaintext), "plaintext_sha256": sha256(plaintext).hexdigest(), "rows": rows}
        sealed = seal_bytes(plaintext, self.signed.manifest.key.recipient)
        self.replace_part(sealed, inside=inside, **{"rows": rows, **changes})

    def replace_part(self, ciphertext: bytes, *, inside: dict | None = None, **changes) -> None:
        """Other bytes in the first part, their digest signed. `inside`: what is signed about the plaintext."""
        self.part.write_bytes(ciphertext)
        outside = {"ciphertext_bytes": len(ciphertext), "ciphertext_sha256": sha256(ciphertext).hexdigest()}
        first, *others = self.signed.manifest.parts
        self.sign_again(**{"parts": (first.model_copy(update={**outside, **(inside or {})}), *others), **changes})

    def send_again_from_nothing(self) -> None:
        """As if nothing had been sealed or sent: the outbox and the object store are empty."""
        shutil.rmtree(self.room.settings.objects_dir)
        shutil.rmtree(self.room.participant(self.code).outbox_dir)

    def send_next(self) -> "Waiting":
        """Other content, honestly sealed and sent under the next number, for the next month."""
        data = self.room.data[self.code]
        data.rows[self.dataset] = moved_on(data.rows[self.dataset])
        data.declaration["period"] = NEXT_PERIOD
        data.write()
        self.room.seal(self.code)
        return replace(self, sequence=self.sequence + 1)


def moved_on(rows: list[list[str]]) -> list[list[str]]:
    """The same rows one month later, under numbers of their own."""
    return [["L" + first, *(value.replace("2025-04-", "2025-05-") for value in rest)] for first, *rest in rows]


def parquet(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink)
    return sink.getvalue().to_pybytes()


def with_column(rows: pa.Table, name: str, values: list) -> pa.Table:
    position = rows.schema.get_field_index(name)
    return rows.set_column(position, rows.schema.field(position), pa.array(values, rows.schema.field(position).type))
