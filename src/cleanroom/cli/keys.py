"""Commands on keys: make, share, show, pin."""

import argparse
from pathlib import Path

from cleanroom.cli.common import command, institution_code, out
from cleanroom.cli.rotation import add_rotation
from cleanroom.contracts.possession import fingerprint
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.settings import ParticipantSettings, RoomSettings


def add_keys(commands) -> None:
    keys = commands.add_parser("keys", help="make, share and show keys").add_subparsers(required=True, metavar="ACTION")
    room = command(keys, "init-room", _keys_room, "make the clean room's key ring")
    command(keys, "show-room", _keys_show_room, "print the clean room's public keys, which verify its signatures")
    own = command(keys, "init-participant", _keys_participant, "make a participant's key ring")
    own.add_argument("--institution", type=institution_code, required=True)
    own.add_argument("--make-k1", action="store_true", help="the founding participant makes the shared first-hash key")
    own.add_argument("--k1-from", type=Path, help="a share of it that another participant exported for you")
    share = command(keys, "export-k1", _keys_export, "seal the first-hash key to another participant")
    share.add_argument("--institution", type=institution_code, required=True)
    share.add_argument("--recipient", required=True, help="the other participant's age recipient, read out by phone")
    share.add_argument("--out", type=Path, required=True)
    card = command(keys, "canaries", _keys_canaries, "show the canaries of the first-hash key, for the custodian")
    card.add_argument("--institution", type=institution_code, required=True)
    pin = command(keys, "pin-canaries", _keys_pin, "tell the room which first-hash key was agreed on")
    pin.add_argument("card", type=Path, help="what `cleanroom keys canaries` printed at a participant")
    proposed = command(keys, "propose", _keys_propose, "propose the public keys to the portal, proven")
    answer = command(keys, "answer", _keys_answer, "answer the portal's challenge for the sealing key")
    answer.add_argument("challenge", help="as the portal's page shows it")
    renewed = command(keys, "renew", _keys_renew, "draw a new signing or sealing key; then propose it")
    renewed.add_argument("--purpose", choices=("signing", "sealing"), required=True)
    renewed.add_argument("--after", required=True, metavar="KID", help="the name of the key in use, that it follows")
    for parser in (proposed, answer, renewed):
        parser.add_argument("--institution", type=institution_code, help="whose ring; without it the clean room's")
    moved = command(keys, "rewrap", _keys_rewrap, "bring a key ring from its custodian to another one")
    moved.add_argument("--institution", type=institution_code, help="whose ring; without it the clean room's")
    moved.add_argument(
        "--to", required=True, metavar="CUSTODY", help="passphrase:FILE, gcp-kms://KEY, or file for a demo's ring"
    )
    add_rotation(keys)
    for parser in (room, own):
        parser.add_argument("--demo", action="store_true", help="mark the keys; production refuses them")


def _keys_room(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys
    from cleanroom.pipeline.custody import custodian_of

    settings = RoomSettings.from_environment()
    ring = keys.init_room_keys(settings.keys, demo=options.demo, custodian=custodian_of(settings))
    _show_public(ring)


def _keys_show_room(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    _show_public(keys.open_room_keys(RoomSettings.from_environment()))


def _keys_participant(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys
    from cleanroom.pipeline.custody import custodian_of

    settings = ParticipantSettings.from_environment(options.institution)
    common = {"institution": options.institution, "demo": options.demo, "custodian": custodian_of(settings)}
    if options.make_k1 or options.k1_from:
        ring = keys.init_participant_keys(settings.keys, k1_from=options.k1_from, **common)
    else:
        ring = keys.prepare_participant_keys(settings.keys, **common)
    _show_public(ring)


def _keys_export(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys
    from cleanroom.pipeline.custody import custodian_of

    settings = ParticipantSettings.from_environment(options.institution)
    share = keys.export_k1(settings.keys, options.recipient, custodian=custodian_of(settings))
    options.out.write_bytes(share)
    out.print(f"wrote {options.out}: only the holder of that recipient can open it")


def _keys_canaries(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys, pins
    from cleanroom.pipeline.custody import custodian_of

    settings = ParticipantSettings.from_environment(options.institution)
    print(pins.card_text(keys.canary_card(settings.keys, custodian=custodian_of(settings))))


def _keys_pin(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys, pins

    settings, card = RoomSettings.from_environment(), pins.read_card(options.card)
    pins.pin(settings, card, ring=keys.open_room_keys(settings))
    out.print(f"pinned the canaries of first-hash key {card.hash_kid} ({card.scheme})")


def _keys_propose(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.key_registration import propose_keys
    from cleanroom.pipeline.keys import open_keys

    settings = _side(options)
    for standing in propose_keys(settings):
        waits = ": a second person approves it on the portal's page" if standing.state == "proposed" else ""
        out.print(f"{standing.kid}: {standing.state}{waits}", highlight=False, soft_wrap=True)
    _show_fingerprints(open_keys(settings))


def _keys_answer(options: argparse.Namespace) -> None:
    from cleanroom.crypto.possession import answer_challenge
    from cleanroom.pipeline.keys import open_keys

    print(answer_challenge(open_keys(_side(options)), options.challenge))


def _keys_renew(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.keys import open_keys, renew_key

    settings = _side(options)
    changed = renew_key(settings, purpose=options.purpose, after=options.after)
    out.print("a new key was drawn; propose it with `cleanroom keys propose`" if changed else "there is a newer key")
    _show_public(open_keys(settings))


def _keys_rewrap(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.custody import rewrap

    settings = _side(options)
    to = "" if options.to == "file" else options.to
    if rewrap(settings, to=to):
        out.print(f"the key ring has another custodian now: set CLEANROOM_KEY_CUSTODY={to}", soft_wrap=True)
    else:
        out.print("the key ring is with this custodian already")


def _side(options: argparse.Namespace) -> ParticipantSettings | RoomSettings:
    code = options.institution
    return ParticipantSettings.from_environment(code) if code else RoomSettings.from_environment()


def _show_public(ring) -> None:
    for name in ("signing_kid", "signing_public_key", "recipient_kid", "recipient"):
        out.print(f"{name}: {getattr(ring, name)}", highlight=False, soft_wrap=True)
    _show_fingerprints(ring)


def _show_fingerprints(ring) -> None:
    """For the second person, who compares them by voice."""
    for name, public in _compared(ring):
        out.print(f"{name}: {fingerprint(public)}", highlight=False, soft_wrap=True)


def _compared(ring) -> list[tuple[str, str]]:
    """What the portal shows whoever approves: the clean room's pair is proposed and compared as one."""
    if isinstance(ring, RoomKeyRing):
        return [("fingerprint", ring.recipient + ring.signing_public_key)]
    return [("signing_fingerprint", ring.signing_public_key), ("recipient_fingerprint", ring.recipient)]
