"""What the room believes of a bridge (contracts/bridge.py). Each function raises the refusal of its own check.

A bridge can rename what its institution has sent before, and nothing else; it never has the last word on an account
that another institution keeps; and it never contradicts a bridge that was taken in. ADR 71.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.bridge import BridgeManifest, SignedBridge
from cleanroom.contracts.canonical import BRIDGE_DOMAIN
from cleanroom.contracts.messages import ParticipantGate
from cleanroom.contracts.standing import check_active, registered_signing_key
from cleanroom.crypto.canaries import Card
from cleanroom.crypto.columns import HashOfKind, hash_column
from cleanroom.crypto.signing import verify
from cleanroom.errors import ContentTampered, KeyRefused, NotTheOwner
from cleanroom.vocabulary.terms import Scheme

ALIASES = pa.schema(
    [
        pa.field("alias_token", pa.string(), nullable=False),  # under the new key
        pa.field("known_token", pa.string(), nullable=False),  # what the graph calls it
    ]
)


def check_sender(signed: SignedBridge, gate: ParticipantGate) -> None:
    """`gate`: of the participant of the *path*, whose registered key must verify."""
    check_active(gate)
    key = registered_signing_key(gate, signed.signing_kid)
    verify(key.public_key, BRIDGE_DOMAIN, signed.manifest.canonical(), signed.signature)


def check_place(participant: str, bridge_id: str, manifest: BridgeManifest, names: Iterable[str]) -> None:
    """`names`: the objects of the bridge's folder, without it."""
    if manifest.participant != participant:
        raise NotTheOwner(
            "the bridge names another participant than its path",
            zh="代碼對應所載參與機構與其路徑不同",
            rule="path_participant",
        )
    if manifest.bridge_id != bridge_id:
        raise ContentTampered(
            "the bridge lies under another id than its own", zh="代碼對應所在路徑之代號與其本身不同", rule="path_bridge"
        )
    if set(names) != {part.name for part in manifest.parts}:
        raise ContentTampered(
            "parts are missing, or there are more than the bridge names",
            zh="分割檔短少，或多於代碼對應所載",
            rule="parts",
        )
    if manifest.rows != sum(part.rows for part in manifest.parts):
        raise ContentTampered("the parts' rows do not add up", zh="各分割檔列數之和不符", rule="rows")


def cards_of(manifest: BridgeManifest) -> tuple[Card, Card]:
    """The canaries under the old key and under the new one. Raises KeyRefused where no key is shared."""
    if manifest.scheme != Scheme.HMAC2 or manifest.before_kid == manifest.after_kid:
        raise KeyRefused(
            "a bridge leads from one shared first-hash key to another",
            zh="代碼對應須由一把共用之一次雜湊金鑰至另一把",
            rule="bridge_keys",
        )
    before = Card(manifest.participant, manifest.scheme, manifest.before_kid, manifest.before_canaries)
    return before, Card(manifest.participant, manifest.scheme, manifest.after_kid, manifest.after_canaries)


def aliases_of(pairs: pa.Table, before: HashOfKind, after: HashOfKind) -> pa.Table:
    """Rows of ALIASES. First hashes end here. Raises ContentTampered where one thing would have two names."""
    kinds = pairs["kind"].combine_chunks()
    known = hash_column(kinds, pairs["before_t1"].combine_chunks(), before, pa.string())
    alias = hash_column(kinds, pairs["after_t1"].combine_chunks(), after, pa.string())
    for side in (known, alias):
        if len(pc.unique(side)) != len(side):
            raise ContentTampered(
                "the bridge gives one identifier two names, or two one",
                zh="代碼對應使同一識別碼有兩個名稱，或兩識別碼同一名稱",
                rule="bridge_ambiguous",
            )
    return pa.table([alias, known], schema=ALIASES)


def of_ones_own(aliases: pa.Table, own: pa.Array, handles: pa.Table, *, participant: str) -> pa.Table:
    """Only what the institution has sent under the old key, or keeps under the new one. `own`: tokens of its landed
    rows; `handles`: account_token and participant of every handle. The rest is not its to name."""
    kept = handles.filter(pc.equal(handles["participant"], participant))["account_token"].combine_chunks()
    sent = pc.is_in(aliases["known_token"], own)
    return aliases.filter(pc.or_(sent, pc.is_in(aliases["alias_token"], kept.cast(pa.string()))))


def check_agrees(aliases: pa.Table, taken: pa.Table) -> pa.Table:
    """Those that are new. `taken`: ALIASES of earlier bridges to the same key. Raises ContentTampered."""
    for one, other in (("alias_token", "known_token"), ("known_token", "alias_token")):
        names = dict(zip(taken[one].to_pylist(), taken[other].to_pylist(), strict=True))
        pairs = zip(aliases[one].to_pylist(), aliases[other].to_pylist(), strict=True)
        contradicted = sum(names.get(mine, theirs) != theirs for mine, theirs in pairs)
        if contradicted:
            raise ContentTampered(
                f"{contradicted} identifiers are bridged otherwise than by an earlier bridge; one of the two is wrong, "
                "and the key custodian finds out which",
                zh=f"{contradicted} 筆識別碼與先前之代碼對應不同；兩者必有一誤，請由金鑰保管人查明",
                rule="bridge_disagrees",
            )
    return aliases.filter(pc.invert(pc.is_in(aliases["alias_token"], taken["alias_token"].combine_chunks())))


def left_to_keepers(aliases: pa.Table, handles: pa.Table, *, participant: str) -> pa.Table:
    """Without the accounts that another institution keeps under their new name and nobody under the old one: their
    keeper bridges them. `handles`: account_token and participant of every handle.

    Raises NotTheOwner where an account would pass from one keeper to another.
    """
    keeper = dict(zip(handles["account_token"].to_pylist(), handles["participant"].to_pylist(), strict=True))
    new = [keeper.get(token) for token in aliases["alias_token"].to_pylist()]
    old = [keeper.get(token) for token in aliases["known_token"].to_pylist()]
    wrong = sum(a is not None and k is not None and a != k for a, k in zip(new, old, strict=True))
    if wrong:
        raise NotTheOwner(
            f"{wrong} accounts would pass from one institution to another",
            zh=f"{wrong} 個帳戶將由一機構轉至另一機構",
            rule="kept_elsewhere",
        )
    mine = [a in (None, participant) or k is not None for a, k in zip(new, old, strict=True)]
    return aliases.filter(pa.array(mine, pa.bool_()))
