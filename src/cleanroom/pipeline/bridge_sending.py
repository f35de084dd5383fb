"""The institution's side of a change of K1: the bridge from its old first hashes to its new ones, sealed and sent."""

import os
import shutil
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts import bridge as contract
from cleanroom.contracts.bridge import SignedBridge
from cleanroom.contracts.manifest import MANIFEST_NAME
from cleanroom.crypto.columns import kinds_of
from cleanroom.errors import MalformedRows, Where
from cleanroom.pipeline.sealing.side import Side, open_side, record_event
from cleanroom.pipeline.steps import StepResult
from cleanroom.sealing import bridging
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.reading import read_batches
from cleanroom.sealing.rows import Rules, check_batch
from cleanroom.sealing.sources import database_url
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.vocabulary.terms import FileFormat

FOLDER = "bridges"  # at home, beside the outbox


def send_bridge(settings: ParticipantSettings, *, portal: Portal, objects: ObjectStore) -> StepResult:
    """Bridge every identifier of the data folder from the first-hash key before to the one in use, and upload it.

    The folder should hold all that was sent under the old key. The same folder again is not sealed again. `rows` of
    the result: identifiers. Raises KeyRefused where the ring holds no two keys, MalformedRows where a file breaks the
    specification, and what `open_side` raises.
    """
    side = open_side(settings, portal=portal)
    keys = bridging.keys_between(side.ring)
    pairs = bridging.pairs_of(_identifiers(side), *keys)
    folder = settings.home / FOLDER / bridging.content_of(pairs, side.ring)[:32]
    if not (folder / MANIFEST_NAME).exists():
        _seal(side, pairs, folder)
    sent = _upload(SignedBridge.from_bytes((folder / MANIFEST_NAME).read_bytes()), folder, objects)
    if sent:
        record_event(settings, portal, "bridge.uploaded", settings.institution, {"identifiers": pairs.num_rows})
    return StepResult(rows=pairs.num_rows, detail={"uploaded": int(sent)})


def _identifiers(side: Side) -> dict[str, list[str]]:
    """Kind -> every canonical identifier of the folder, once."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in side.folder.files:
        contract = side.specification.datasets[file.dataset]
        rules = Rules(contract, file.source, side.folder.institution, tuple(side.gate.known_institutions))
        url = database_url(side.settings) if file.source.format == FileFormat.QUERY else ""
        for raw in read_batches(file, contract, database_url=url):
            _collect(check_batch(raw, rules), file, rules, found)
    return {kind: sorted(texts) for kind, texts in found.items()}


def _collect(batch, file: ClearFile, rules: Rules, found: dict[str, set[str]]) -> None:
    if any(finding.severity == "fail" for finding in batch.found):
        raise MalformedRows(
            "this file breaks the specification; `cleanroom seal --dry-run` reports every row",
            zh="此檔不符資料規格；請執行 `cleanroom seal --dry-run` 列出每一有誤之列",
            where=Where(file=file.path.name),
            rule="bridge_folder",
        )
    for spec in rules.contract.fields:
        if spec.is_identifier:
            kinds = kinds_of(spec, batch.rows).to_pylist()
            for kind, text in set(zip(kinds, batch.rows[spec.name].to_pylist(), strict=True)):
                if kind and text:
                    found[kind].add(text)


def _seal(side: Side, pairs, folder: Path) -> None:
    """Into a hidden draft beside it, then renamed: a killed run leaves nothing that looks whole."""
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    bridging.write_bridge(
        draft,
        pairs,
        ring=side.ring,
        recipient_kid=side.addressee.kid,
        recipient=side.addressee.recipient,
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
    os.replace(draft, folder)


def _upload(signed: SignedBridge, folder: Path, objects: ObjectStore) -> bool:
    """Key and parts first, the manifest last. False where the room has it already."""
    manifest = signed.manifest
    target = contract.folder_of(manifest.participant, manifest.bridge_id)
    if objects.exists(f"{target}/{MANIFEST_NAME}"):
        return False
    objects.put_file(contract.key_name(manifest.participant, manifest.bridge_id), folder / bridging.KEY_FILE)
    for name in (*(part.name for part in manifest.parts), MANIFEST_NAME):
        objects.put_file(f"{target}/{name}", folder / name)
    return True
