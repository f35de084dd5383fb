"""The change of the shared first-hash key K1 while institutions are at different stages, with the graph unchanged.

The participants get the new K1 (`keys.next_k1`), the custodian pins it; from then on each seals under it, and sends a
bridge (`send_bridge`). The room takes the bridges in (`take_in_bridges`), and lands new tokens under the names that
the graph knows. When all have bridged, the custodian closes the old key (`close_key`), and the graph takes the new
names. Nothing of it may be skipped, and each step may be killed and run again.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa

from cleanroom.contracts import bridge as contract
from cleanroom.contracts.bridge import BridgeManifest, SignedBridge
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.contracts.manifest import INBOX, KEY_CAP_BYTES, MANIFEST_CAP_BYTES, MANIFEST_NAME
from cleanroom.contracts.messages import AuditEvent, ParticipantGate, Receipt
from cleanroom.crypto import canaries
from cleanroom.crypto.envelope import open_into
from cleanroom.crypto.schemes import SecondHash
from cleanroom.errors import ContentTampered, NotFound, Refusal
from cleanroom.intake import bridging, opening
from cleanroom.intake.tables import read_table
from cleanroom.pipeline import pins
from cleanroom.pipeline.aliases import (
    ALIASES,
    ALIASES_TABLE,
    BRIDGES,
    BRIDGES_TABLE,
    aliases_for,
    ensure_aliases,
    recording,
    taken,
)
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.epochs import check_epoch
from cleanroom.pipeline.intake.lock import only_one
from cleanroom.pipeline.room import Room
from cleanroom.pipeline.steps import StepResult
from cleanroom.stores import retokening
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import Warehouse
from cleanroom.vocabulary.terms import Scheme, UploadState

TAKEN, REFUSED, CLOSED = "bridge.accepted", "bridge.refused", "keys.first_hash_closed"


# --- taking bridges in --------------------------------------------------------------------------------------------


def take_in_bridges(room: Room, *, participant: str) -> StepResult:
    """Decide on the bridges that wait in one participant's inbox. `rows` of the result: identifiers bridged now.

    Raises, after all were decided, the first refusal among them; Faults stop at once.
    """
    with only_one(room.settings):
        room.warehouse.ensure_tables()
        check_epoch(room)
        ensure_aliases(room.warehouse)
        gate, taken, refusals = room.portal.gate(participant), 0, []
        for bridge_id in _waiting(room, participant):
            try:
                taken += _take_in(room, participant, bridge_id, gate)
            except Refusal as e:
                refusals.append(e)
                _answer(room, participant, bridge_id, e)
    if refusals:
        raise refusals[0]
    return StepResult(rows=taken)


def _waiting(room: Room, participant: str) -> list[str]:
    """Bridges that were neither refused nor taken into this warehouse; one that a lost warehouse knew waits again."""
    names = (info.name for info in room.objects.list(f"{INBOX}/{participant}/{contract.FOLDER}/"))
    found = [place[1] for place in map(contract.place_of, names) if place]
    kept = room.warehouse.query(f"select bridge_id from {BRIDGES_TABLE} where participant = ?", [participant])
    done = set(kept["bridge_id"].to_pylist())
    refused = (contract.receipt_name(participant, b, UploadState.REFUSED) for b in found)
    accepted = (contract.receipt_name(participant, b, UploadState.ACCEPTED) for b in found)
    return [
        bridge_id
        for bridge_id, no, yes in zip(found, refused, accepted, strict=True)
        if not room.objects.exists(no) and not (bridge_id in done and room.objects.exists(yes))
    ]


def _take_in(room: Room, participant: str, bridge_id: str, gate: ParticipantGate) -> int:
    folder = contract.folder_of(participant, bridge_id)
    raw = room.objects.get_bytes(f"{folder}/{MANIFEST_NAME}", cap_bytes=MANIFEST_CAP_BYTES)
    signed = SignedBridge.from_bytes(raw)
    manifest = signed.manifest
    restored = AuditFile(room.settings.audit_file).last(bridge_id, verb=TAKEN) is not None
    _check(room, participant, bridge_id, signed, gate, restored=restored)
    before, after = (_second_hash(room, manifest, kid) for kid in (manifest.before_kid, manifest.after_kid))
    aliases = bridging.aliases_of(_pairs(room, folder, manifest), before, after)
    handles = _handles(room.warehouse)
    aliases = bridging.of_ones_own(aliases, _own_tokens(room.warehouse, participant), handles, participant=participant)
    left = bridging.left_to_keepers(aliases, handles, participant=participant)
    aliases = aliases if restored else left
    fresh = bridging.check_agrees(aliases, taken(room.warehouse, manifest.after_kid))
    _apply(room.warehouse, manifest, fresh)
    _answer(room, participant, bridge_id, None)
    return aliases.num_rows


def _check(
    room: Room, participant: str, bridge_id: str, signed: SignedBridge, gate: ParticipantGate, *, restored: bool
) -> None:
    """What was taken in before is believed again: the warehouse was lost, and the old key may be closed since."""
    manifest, folder = signed.manifest, contract.folder_of(participant, bridge_id)
    names = [info.name.removeprefix(f"{folder}/") for info in room.objects.list(f"{folder}/")]
    if not restored:
        bridging.check_sender(signed, gate)
        for card in bridging.cards_of(manifest):
            canaries.check(card, pins.read_pins(room.settings), room.keys, production=True)
    bridging.check_place(participant, bridge_id, manifest, set(names) - {MANIFEST_NAME})
    opening.check_recipient(manifest, room.keys)


def _second_hash(room: Room, manifest: BridgeManifest, kid: str) -> SecondHash:
    """The old side in the graph's own names, whatever bridges led to them; the new side as it would be called."""
    aliases = aliases_for(room.warehouse, kid) if kid == manifest.before_kid else {}
    second = room.keys.second_hash(scheme=Scheme.HMAC2, participant=manifest.participant, kid=kid)
    return SecondHash(second.epochs, aliases=aliases)


def _pairs(room: Room, folder: str, manifest: BridgeManifest) -> pa.Table:
    """In memory: first hashes never lie on a disk."""
    name = contract.key_name(manifest.participant, manifest.bridge_id)
    if not room.objects.exists(name):
        raise ContentTampered(
            "the object with the bridge's key is missing; send it again",
            zh="缺少存放代碼對應金鑰之物件；請重新傳送",
            rule="key_missing",
        )
    sealed = room.objects.get_bytes(name, cap_bytes=KEY_CAP_BYTES)
    identity = opening.open_key(sealed, manifest, room.keys)
    return pa.concat_tables(_parts(room, folder, manifest, identity)).combine_chunks()


def _parts(room: Room, folder: str, manifest: BridgeManifest, identity: str) -> Iterator[pa.Table]:
    for part in manifest.parts:
        sealed = room.objects.get_bytes(f"{folder}/{part.name}", cap_bytes=part.ciphertext_bytes)
        if hashlib.sha256(sealed).hexdigest() != part.ciphertext_sha256:
            raise ContentTampered(
                "the bridge's bytes are not those that were signed",
                zh="代碼對應之內容與所簽署者不同",
                rule="ciphertext",
            )
        plaintext = io.BytesIO()
        passed = open_into(io.BytesIO(sealed), plaintext, [identity], cap_bytes=part.plaintext_bytes)
        if passed.plaintext.sha256 != part.plaintext_sha256:
            raise ContentTampered(
                "the opened bytes are not those that were signed", zh="開啟後之內容與所簽署者不同", rule="plaintext"
            )
        yield read_table(plaintext.getvalue(), part, contract.PAIRS)


def _apply(warehouse: Warehouse, manifest: BridgeManifest, fresh: pa.Table) -> None:
    """Names and their record, together. Tokens that came under the new key before their bridge are renamed."""
    kids = [pa.repeat(pa.scalar(kid), fresh.num_rows) for kid in (manifest.before_kid, manifest.after_kid)]
    aliases = pa.table([*kids, fresh["alias_token"], fresh["known_token"]], schema=ALIASES)
    bridge = {
        "bridge_id": manifest.bridge_id,
        "participant": manifest.participant,
        "before_kid": manifest.before_kid,
        "after_kid": manifest.after_kid,
        "pairs": fresh.num_rows,
        "taken_at": datetime.now(UTC),
    }
    kept = warehouse.query(f"select 1 as x from {BRIDGES_TABLE} where bridge_id = ?", [manifest.bridge_id])
    if kept.num_rows:  # killed before it was answered
        return
    given = {"aliases": aliases, "bridges": pa.Table.from_pylist([bridge], schema=BRIDGES)}
    renamed = pa.table([fresh["alias_token"], fresh["known_token"]], schema=retokening.RENAMED)
    retokening.rename(warehouse, renamed, also=recording(), given=given)


def _own_tokens(warehouse: Warehouse, participant: str) -> pa.Array:
    landed = [c for c in warehouse.columns_ending(retokening.SUFFIX) if c[0].startswith("landing.")]
    tables = [c for c in landed if c[0] != ALIASES_TABLE]
    found = [
        warehouse.query(
            f"select distinct {column} as token from {table} where participant = ? and {column} is not null",
            [participant],
        )["token"].cast(pa.string())
        for table, column in tables
    ]
    return pa.chunked_array([chunk for one in found for chunk in one.chunks], pa.string()).combine_chunks()


def _handles(warehouse: Warehouse) -> pa.Table:
    return warehouse.query("select distinct account_token, participant from routing.handles")


def _answer(room: Room, participant: str, bridge_id: str, refusal: Refusal | None) -> None:
    """Audit, then the signed receipt, which ends the waiting."""
    log, verb = AuditFile(room.settings.audit_file), REFUSED if refusal else TAKEN
    known = log.last(bridge_id, verb=verb)
    if known is None:
        detail = {"participant": participant}
        detail |= {"reason": refusal.reason, "rule": refusal.rule} if refusal else {}
        event = AuditEvent(at=datetime.now(UTC), actor="room:intake", verb=verb, subject=bridge_id, detail=detail)
        known = record(event, log=log, portal=room.portal), event
    place, event = known
    state = UploadState.REFUSED if refusal else UploadState.ACCEPTED
    body: dict[str, str | int] = {
        "bridge_id": bridge_id,
        "participant": participant,
        "state": state.value,
        "reason": refusal.reason if refusal else "",
        "decided_at": event.at.isoformat(),
        "audit_sequence": place.sequence,
        "audit_hash": place.hash,
    }
    signature = room.keys.sign(RECEIPT_DOMAIN, canonical_bytes(body))
    receipt = Receipt(body=body, signing_kid=room.keys.signing_kid, signature=signature)
    room.objects.put_bytes(
        contract.receipt_name(participant, bridge_id, state), canonical_bytes(receipt.model_dump(mode="json"))
    )


# --- closing the old key ------------------------------------------------------------------------------------------


def close_key(room: Room, *, hash_kid: str) -> StepResult:
    """Take nothing in any more under a first-hash key; where bridges lead away from it, the graph takes the new names.
    `rows` of the result: tokens renamed; `without_bridge`: participants that delivered and sent no bridge from it.

    Raises NotFound for a key that nobody has, KeyRefused where no other key is pinned.
    """
    _check_known(room, hash_kid)
    with only_one(room.settings):
        room.warehouse.ensure_tables()
        check_epoch(room)
        ensure_aliases(room.warehouse)
        pins.close_key(room.settings, hash_kid)
        shared = pins.read_pins(room.settings).scheme == Scheme.HMAC2
        renamed = _take_new_names(room.warehouse, hash_kid)
        _record_closing(room, hash_kid)
        without = _without_bridge(room.warehouse, hash_kid) if shared else 0
    return StepResult(rows=renamed, detail={"without_bridge": without})


def _check_known(room: Room, hash_kid: str) -> None:
    """A name that was written wrong would be closed, and the key that was meant stay open."""
    agreed = pins.read_pins(room.settings)
    known = set(agreed.agreed) if agreed.scheme == Scheme.HMAC2 else room.keys.first_hash_kids
    if hash_kid not in known:
        raise NotFound(
            "no first-hash key of this name is known here; `cleanroom keys canaries` prints it at its participant",
            zh="此處無此代號之一次雜湊金鑰；參與機構可以 cleanroom keys canaries 查得代號",
            rule="hash_kid",
        )


def _take_new_names(warehouse: Warehouse, hash_kid: str) -> int:
    """Names and aliases change together, so that nothing is ever known by neither."""
    found = warehouse.query(f"select alias_token, known_token from {ALIASES_TABLE} where before_kid = ?", [hash_kid])
    renamed = pa.table([found["known_token"], found["alias_token"]], schema=retokening.RENAMED)
    gone = [(f"delete from {ALIASES_TABLE} where before_kid = ?", [hash_kid])]
    retokening.rename(warehouse, renamed, also=gone)
    return renamed.num_rows


def _record_closing(room: Room, hash_kid: str) -> None:
    log = AuditFile(room.settings.audit_file)
    if log.last(hash_kid, verb=CLOSED) is None:
        now = datetime.now(UTC)
        event = AuditEvent(at=now, actor="room:custodian", verb=CLOSED, subject=hash_kid, detail={})
        record(event, log=log, portal=room.portal)


def _without_bridge(warehouse: Warehouse, hash_kid: str) -> int:
    return warehouse.query(
        "select count(distinct landed.participant) as n from landing.submissions as landed"
        f" left join {BRIDGES_TABLE} as bridges on bridges.participant = landed.participant and bridges.before_kid = ?"
        " where bridges.participant is null",
        [hash_kid],
    )["n"][0].as_py()
