"""K1 is changed while institutions are at different stages: bridges keep the graph whole.

808 delivers under the old key and bridges; 822 delivers under the old key and stays with it for a while; 700 delivers
under the new key.
"""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cleanroom import errors
from cleanroom.contracts.bridge import BridgeManifest, SignedBridge
from cleanroom.contracts.canonical import BRIDGE_DOMAIN, MANIFEST_DOMAIN
from cleanroom.contracts.manifest import MANIFEST_NAME
from cleanroom.crypto.identifiers import canonical
from cleanroom.pipeline import aliases, bridge_sending, bridging, keys, pins, rotation
from cleanroom.sealing import bridging as station
from cleanroom.stores import retokening
from cleanroom.stores.objects_local import LocalObjectStore
from tests.factories.clean_room import FORMS, CleanRoom
from tests.factories.graphs import assert_same_graph, joined_legs, shape
from tests.factories.killing import KILLED, KeptPortal, killed_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def half_way(tmp_path_factory):
    """808 and 822 have delivered under the old key; then all got the new one, 700 sealed under it and waits."""
    home = tmp_path_factory.mktemp("half_way") / "home"
    home.mkdir()
    room = CleanRoom.make(home, portal=KeptPortal.at(home / "portal.pickle"))
    room.portal.keep()
    for code in ("808", "822"):
        room.seal(code)
        room.take_in(code)
    old = room.ring_of("808").hash_kid
    keys.next_k1(room.participant("808"), after=old)
    for code in ("822", "700"):
        share = home / "share"
        share.write_bytes(keys.export_k1(room.participant("808").keys, room.ring_of(code).recipient))
        keys.next_k1(room.participant(code), after=old, k1_from=share)
    pins.pin(room.settings, keys.canary_card(room.participant("808").keys), ring=room.ring)
    room.seal("700")
    with room.opened() as opened:
        aliases.ensure_aliases(opened.warehouse)
    return home


@pytest.fixture
def clean_room(half_way, tmp_path):
    home = Path(shutil.copytree(half_way, tmp_path / "home"))
    return CleanRoom(home, KeptPortal.at(home / "portal.pickle"))


def bridge(room, code):
    """Send and take in; how many identifiers were bridged."""
    bridge_sending.send_bridge(room.participant(code), portal=room.portal, objects=room.objects)
    return take_in_bridges(room, code)


def take_in_bridges(room, code):
    with room.opened() as opened:
        return bridging.take_in_bridges(opened, participant=code).rows


def old_and_new(room):
    return [key.kid for key in room.ring_of("808").first_hashes]


def query(room, sql):
    with room.opened() as opened:
        return opened.warehouse.query(sql)


def tokens(room):
    """Of landed rows and handles; what the bridges keep for themselves is left out."""
    with room.opened() as opened:
        own = opened.warehouse.query(f"select alias_token from {aliases.ALIASES_TABLE}")["alias_token"].to_pylist()
        return set(retokening.tokens_in(opened.warehouse).to_pylist()) - set(own)


def test_without_a_bridge_nothing_would_join(clean_room, undisturbed):
    clean_room.take_in("700")
    with clean_room.opened() as opened:
        assert shape(opened.warehouse) != undisturbed
        assert sorted(joined_legs(opened.warehouse).values()) == [False, False, True]


def test_a_bridge_before_the_new_key_comes(clean_room, undisturbed):
    assert bridge(clean_room, "808") == 6  # four accounts and two holders
    clean_room.take_in("700")
    assert_same_graph(clean_room, undisturbed)


def test_a_bridge_after_the_new_key_came(clean_room, undisturbed):
    clean_room.take_in("700")
    before = tokens(clean_room)
    bridge(clean_room, "808")
    assert len(before) - len(tokens(clean_room)) == 3  # two accounts and a holder that 700 named have one name again
    assert bridge(clean_room, "700") == 4  # these three again, and its own account, of which it has the word
    assert len(before) - len(tokens(clean_room)) == 4
    assert_same_graph(clean_room, undisturbed)


def test_bridges_that_agree_add_up(clean_room, undisturbed):
    bridge(clean_room, "808")
    clean_room.take_in("700")
    bridge(clean_room, "822")
    assert_same_graph(clean_room, undisturbed)
    kept = query(clean_room, f"select participant, pairs from {aliases.BRIDGES_TABLE} order by participant").to_pylist()
    assert [b["participant"] for b in kept] == ["808", "822"]
    names = query(clean_room, f"select alias_token from {aliases.ALIASES_TABLE}")["alias_token"].to_pylist()
    assert len(names) == len(set(names)) == sum(b["pairs"] for b in kept)


def test_the_same_bridge_again_changes_nothing(clean_room):
    bridge(clean_room, "808")
    kept, folder = tokens(clean_room), clean_room.participant("808").home / bridge_sending.FOLDER
    assert len(list(folder.iterdir())) == 1
    assert bridge(clean_room, "808") == 0
    assert tokens(clean_room) == kept
    assert len(list(folder.iterdir())) == 1
    assert len([e for e in clean_room.room_events() if e.verb == bridging.TAKEN]) == 1


def test_when_the_old_key_is_closed_the_graph_takes_the_new_names(clean_room, undisturbed):
    bridge(clean_room, "808")
    clean_room.take_in("700")
    bridge(clean_room, "822")
    before, (old, _) = tokens(clean_room), old_and_new(clean_room)
    with clean_room.opened() as opened:
        closed = bridging.close_key(opened, hash_kid=old)
        assert closed.detail["without_bridge"] == 1  # 700 sent nothing under the old key
        assert bridging.close_key(opened, hash_kid=old).rows == 0
        assert closed.rows == len(before - set(retokening.tokens_in(opened.warehouse).to_pylist())) > 5
        assert opened.warehouse.query(f"select count(*) as n from {aliases.ALIASES_TABLE}")["n"][0].as_py() == 0
        assert aliases.aliases_for(opened.warehouse, old) == {}
    assert_same_graph(clean_room, undisturbed)
    assert len([e for e in clean_room.room_events() if e.verb == bridging.CLOSED]) == 1


def test_under_the_closed_key_nothing_more_is_taken_in(half_way, tmp_path):
    home = Path(shutil.copytree(half_way, tmp_path / "home"))
    room = CleanRoom(home, KeptPortal.at(home / "portal.pickle"))
    (old, new), settings = old_and_new(room), room.settings
    with room.opened() as opened:
        bridging.close_key(opened, hash_kid=old)
        with pytest.raises(errors.NotFound, match="hash_kid"):
            bridging.close_key(opened, hash_kid=old[::-1])
        with pytest.raises(errors.KeyRefused, match="hash_kid_last"):
            bridging.close_key(opened, hash_kid=new)
    assert pins.read_pins(settings).closed == {old}
    bridge_sending.send_bridge(room.participant("808"), portal=room.portal, objects=room.objects)
    with pytest.raises(errors.KeyRefused, match="hash_kid_closed"):
        take_in_bridges(room, "808")


def test_both_keys_are_changed_at_once(clean_room, undisturbed):
    """K2 while bridges are open: the names that a bridge keeps are brought along."""
    bridge(clean_room, "808")
    with clean_room.opened() as opened:
        rotation.rotate_k2(opened, to=2)
    clean_room.take_in("700")
    bridge(clean_room, "822")
    assert_same_graph(clean_room, undisturbed)
    with clean_room.opened() as opened:
        bridging.close_key(opened, hash_kid=old_and_new(clean_room)[0])
        rotation.rotate_k2(opened, to=3)
    assert_same_graph(clean_room, undisturbed)


POINTS = [
    ("cleanroom.pipeline.bridge_sending:os.replace", 1, "before"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_file", 2, "after"),
    ("cleanroom.pipeline.bridging:_pairs", 1, "after"),
    ("cleanroom.stores.warehouse_duckdb:shared.named", 3, "after"),
    ("cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.transact", 1, "after"),
    ("cleanroom.pipeline.bridging:record", 1, "after"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 1, "after"),
]


@pytest.mark.parametrize(("point", "call", "when"), POINTS)
def test_killed_anywhere_and_run_again(clean_room, undisturbed, point, call, when):
    clean_room.take_in("700")
    assert killed_at(point, lambda: bridge(clean_room, "808"), call=call, when=when) == KILLED
    clean_room = CleanRoom(clean_room.home, KeptPortal.at(clean_room.portal.path))
    bridge(clean_room, "808")
    assert len([e for e in clean_room.room_events() if e.verb == bridging.TAKEN]) == 1
    bridge(clean_room, "700")
    assert_same_graph(clean_room, undisturbed)
    assert clean_room.names("receipts/808/bridges/")[0].endswith("/accepted.json")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_closing_is_killed_and_run_again(clean_room, undisturbed, when):
    bridge(clean_room, "808")
    clean_room.take_in("700")
    old = old_and_new(clean_room)[0]

    def close():
        with clean_room.opened() as opened:
            bridging.close_key(opened, hash_kid=old)

    assert killed_at("cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.transact", close, when=when) == KILLED
    close()
    assert_same_graph(clean_room, undisturbed)


# --- what a bridge may not do ---------------------------------------------------------------------------------------


def changed_bridge(room, code, change):
    """A bridge of this institution that its own key signed, saying something else."""
    ring, honest = room.ring_of(code), station.pairs_of

    def lying(identifiers, before, after):
        return change(honest(identifiers, before, after), before, after)

    station.pairs_of = lying
    try:
        bridge_sending.send_bridge(room.participant(code), portal=room.portal, objects=room.objects)
    finally:
        station.pairs_of = honest
    return ring


def with_new_name(account, institution, of, of_institution):
    """The pair of `account` gets the new hash of another account."""

    def change(pairs, before, after):
        [mine] = before("account", [canonical("account", account, institution=institution)])
        [theirs] = after("account", [canonical("account", of, institution=of_institution)])
        kept = pairs.filter(pc.not_equal(pairs["after_t1"], pa.scalar(theirs, pa.binary(32))))
        here = pc.equal(kept["before_t1"], pa.scalar(mine, pa.binary(32)))
        assert pc.sum(here).as_py() == 1
        column = pc.if_else(here, pa.scalar(theirs, pa.binary(32)), kept["after_t1"])
        return kept.set_column(2, pairs.schema.field("after_t1"), column)

    return change


def assert_refused(room, code, kind, rule):
    kept = tokens(room)
    with pytest.raises(kind) as caught:
        take_in_bridges(room, code)
    assert caught.value.rule == rule
    assert tokens(room) == kept
    assert query(room, f"select count(*) as n from {aliases.ALIASES_TABLE}")["n"][0].as_py() in (0, 6)
    assert [e.detail["rule"] for e in room.room_events() if e.verb == bridging.REFUSED] == [rule]
    assert room.names(f"receipts/{code}/bridges/")[0].endswith("/refused.json")
    assert take_in_bridges(room, code) == 0  # it has its answer


def test_two_bridges_that_disagree(clean_room):
    bridge(clean_room, "808")
    changed_bridge(clean_room, "822", with_new_name("822000000002", "822", "700000000001", "700"))
    assert_refused(clean_room, "822", errors.ContentTampered, "bridge_disagrees")


def test_an_account_that_another_institution_keeps_is_not_taken_over(clean_room):
    """808 says that its own account's new name is the one under which 822's account is known."""
    changed_bridge(clean_room, "808", with_new_name("808000000002", "808", "700000000001", "700"))
    clean_room.take_in("700")
    assert_refused(clean_room, "808", errors.NotTheOwner, "kept_elsewhere")


def test_what_the_institution_never_sent_is_not_renamed(clean_room):
    """A pair for a token of somebody else's rows alone is left out, whatever it says."""

    def more(pairs, before, after):
        stranger = {"kind": ["account"], "before_t1": before("account", ["8220000822000000002"])}
        stranger["after_t1"] = after("account", ["8220000999999999999"])
        return pa.concat_tables([pairs, pa.table(stranger, schema=pairs.schema)])

    changed_bridge(clean_room, "808", more)
    assert take_in_bridges(clean_room, "808") == 6


def test_a_bridge_that_gives_two_names(clean_room):
    def doubled(pairs, before, after):
        twice = pairs.slice(0, 1).set_column(2, pairs.schema.field("after_t1"), pairs["after_t1"].slice(1, 1))
        return pa.concat_tables([pairs, twice])

    changed_bridge(clean_room, "808", doubled)
    assert_refused(clean_room, "808", errors.ContentTampered, "bridge_ambiguous")


def send_changed(room, tmp_path, domain=BRIDGE_DOMAIN, **changes):
    """808's bridge with another manifest, signed again by 808 and laid into its inbox under the id that it now has."""
    elsewhere = LocalObjectStore(tmp_path / "elsewhere")
    bridge_sending.send_bridge(room.participant("808"), portal=room.portal, objects=elsewhere)
    held = {info.name: elsewhere.get_bytes(info.name, cap_bytes=10**6) for info in elsewhere.list("")}
    [name] = [n for n in held if n.endswith(MANIFEST_NAME)]
    first = SignedBridge.from_bytes(held[name]).manifest
    manifest = BridgeManifest.model_validate(first.model_dump() | changes)
    ring = room.ring_of("808")
    signature = ring.sign(domain, manifest.canonical())
    signed = SignedBridge(manifest=manifest, signing_kid=ring.signing_kid, signature=signature)
    for other, raw in {**held, name: signed.to_bytes()}.items():
        room.objects.put_bytes(other.replace(first.bridge_id, manifest.bridge_id), raw)


@pytest.mark.parametrize(
    ("changes", "kind", "rule"),
    [
        ({"participant": "822"}, errors.NotTheOwner, "path_participant"),
        ({"rows": 7}, errors.ContentTampered, "rows"),
        ({"before_kid": "k1-0000000000000000"}, errors.CanaryMismatch, "hash_kid"),
        ({"after_canaries": {"phone": "0" * 64}}, errors.CanaryMismatch, "canaries"),
        ({"scheme": "r255-rekey-v1"}, errors.KeyRefused, "bridge_keys"),
        ({"recipient_kid": "0000000000000000"}, errors.KeyRefused, "recipient_kid"),
        ({"domain": MANIFEST_DOMAIN}, errors.SignatureRefused, "signature"),
    ],
)
def test_what_a_bridge_says_of_itself_is_checked(clean_room, tmp_path, changes, kind, rule):
    send_changed(clean_room, tmp_path, **changes)
    assert_refused(clean_room, "808", kind, rule)


def test_a_changed_part_of_a_bridge(clean_room, tmp_path):
    elsewhere = LocalObjectStore(tmp_path / "elsewhere")
    bridge_sending.send_bridge(clean_room.participant("808"), portal=clean_room.portal, objects=elsewhere)
    for info in elsewhere.list(""):
        raw = elsewhere.get_bytes(info.name, cap_bytes=10**6)
        changed = raw[:-1] + bytes([raw[-1] ^ 1]) if info.name.endswith(".parquet.age") else raw
        clean_room.objects.put_bytes(info.name, changed)
    assert_refused(clean_room, "808", errors.ContentTampered, "ciphertext")


def test_after_its_bridge_an_institution_sends_nothing_under_the_old_key(clean_room):
    bridge(clean_room, "808")
    old = old_and_new(clean_room)[0]
    with clean_room.opened() as opened:
        late = type("M", (), {"participant": "808", "hash_kid": old})
        with pytest.raises(errors.KeyRefused, match="hash_kid_bridged"):
            aliases.check_not_bridged(opened, late)
        late.participant = "822"
        aliases.check_not_bridged(opened, late)


def test_a_ring_with_one_key_has_nothing_to_bridge(tmp_path):
    room = CleanRoom.make(tmp_path)
    with pytest.raises(errors.KeyRefused, match="bridge_keys"):
        bridge_sending.send_bridge(room.participant("808"), portal=room.portal, objects=room.objects)


def test_a_lost_warehouse_comes_back_with_its_bridges(clean_room, undisturbed):
    bridge(clean_room, "808")
    clean_room.take_in("700")
    clean_room.settings.warehouse_file.unlink()
    for code in FORMS:
        clean_room.take_in(code)
    take_in_bridges(clean_room, "808")
    assert_same_graph(clean_room, undisturbed)
