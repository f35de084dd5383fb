"""Commands that change keys in the middle of a programme, and those of the scheme with a key per institution."""

import argparse
from dataclasses import replace
from pathlib import Path

from cleanroom.cli.common import command, institution_code, out
from cleanroom.settings import ParticipantSettings, RoomSettings


def add_rotation(keys) -> None:
    _add_shared(keys)
    _add_own(keys)
    _add_room(keys)


def _add_shared(keys) -> None:
    """hmac2-v1: K1 is changed for all, and each institution bridges from the old to the new."""
    following = command(keys, "next-k1", _next_k1, "the shared first-hash key that follows: make it, or import it")
    following.add_argument("--after", required=True, metavar="KID", help="the key in use, that it follows")
    following.add_argument("--k1-from", type=Path, help="a share of it that another participant exported for you")
    bridge = command(keys, "send-bridge", _send_bridge, "bridge what was sent under the old first-hash key to the new")
    bridge.add_argument("--data", type=Path, help="the folder with institution.json (default CLEANROOM_DATA_DIR)")
    handle = command(keys, "next-handle-key", _next_handle, "draw a new handle key; the older ones go on opening")
    handle.add_argument("--after", type=int, required=True, metavar="N", help="how many the ring holds now")
    for parser in (following, bridge, handle):
        parser.add_argument("--institution", type=institution_code, required=True)


def _add_own(keys) -> None:
    """r255-rekey-v1: a joint scalar offline, a key and a factor per institution."""
    joint = command(keys, "share-joint", _share_joint, "draw the joint scalar for all, sealed to each participant")
    joint.add_argument(
        "--to", type=_addressee, action="append", required=True, metavar="CODE=RECIPIENT", help="once per participant"
    )
    joint.add_argument("--out", type=Path, required=True, help="folder for one file per participant, kept offline")
    own = command(keys, "make-own-key", _make_own, "draw this institution's own first-hash key (r255-rekey-v1)")
    own.add_argument("--after", metavar="KID", help="the key in use, that it follows; without it, the first one")
    factor = command(keys, "export-factor", _export_factor, "seal the factor of the own key to the clean room")
    factor.add_argument("--joint", type=Path, required=True, help="this institution's share of the joint scalar")
    factor.add_argument("--room-recipient", required=True, help="the clean room's age recipient")
    factor.add_argument("--out", type=Path, required=True)
    for parser in (own, factor):
        parser.add_argument("--institution", type=institution_code, required=True)


def _add_room(keys) -> None:
    factor = command(keys, "import-factor", _import_factor, "take a participant's factor into the clean room's ring")
    factor.add_argument("file", type=Path)
    bridges = command(keys, "take-in-bridges", _take_in_bridges, "take in the bridges that a participant sent")
    for parser in (factor, bridges):
        parser.add_argument("--participant", type=institution_code, required=True)
    rotate = command(keys, "rotate-k2", _rotate_k2, "bring the second-hash key and every token to the next epoch")
    rotate.add_argument("--to", type=int, required=True, metavar="EPOCH", help="the next epoch; the same again is safe")
    close = command(keys, "close-key", _close, "take nothing in any more under a first-hash key")
    close.add_argument("kid")


def _addressee(text: str) -> tuple[str, str]:
    code, mark, recipient = text.partition("=")
    if not mark:
        raise argparse.ArgumentTypeError(f"{text!r} is not CODE=RECIPIENT")
    return institution_code(code), recipient


# --- at the participants ------------------------------------------------------------------------------------------


def _next_k1(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    settings = ParticipantSettings.from_environment(options.institution)
    _show_kid(keys.next_k1(settings, after=options.after, k1_from=options.k1_from))


def _send_bridge(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.bridge_sending import send_bridge
    from cleanroom.stores.objects import open_object_store
    from cleanroom.stores.portal_http import HttpPortal

    settings = ParticipantSettings.from_environment(options.institution)
    if options.data:
        settings = replace(settings, data_dir=options.data.absolute())
    objects = open_object_store(settings.object_store, settings.objects_dir, ca_file=settings.ca_file)
    result = send_bridge(settings, portal=HttpPortal.of(settings), objects=objects)
    done = "sent" if result.detail["uploaded"] else "the room has it already"
    out.print(f"a bridge of {result.rows:,} identifiers: {done}", highlight=False)


def _next_handle(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    keys.next_handle_key(ParticipantSettings.from_environment(options.institution), after=options.after)
    out.print("handles are issued under the new key from now on; warnings under older ones still open")


def _share_joint(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    options.out.mkdir(parents=True, exist_ok=True, mode=0o700)
    for code, share in keys.share_joint(dict(options.to)).items():
        with (options.out / f"joint-{code}.age").open("xb") as file:  # never over an older one
            file.write(share)
    out.print(f"wrote {len(options.to)} shares to {options.out}: send each to its participant, who keeps it offline")


def _make_own(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    _show_kid(keys.make_own_key(ParticipantSettings.from_environment(options.institution), after=options.after))


def _export_factor(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    settings = ParticipantSettings.from_environment(options.institution)
    sealed = keys.export_factor(settings, joint=options.joint, room_recipient=options.room_recipient)
    options.out.write_bytes(sealed)
    out.print(f"wrote {options.out}: only the clean room can open it; put the share back into its safe")


def _show_kid(kid: str) -> None:
    out.print(f"first-hash key in use: {kid}", highlight=False)


# --- in the room --------------------------------------------------------------------------------------------------


def _import_factor(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys
    from cleanroom.stores.portal_http import HttpPortal

    settings = RoomSettings.from_environment()
    portal = HttpPortal.of(settings)
    kid = keys.import_factor(settings, options.file, participant=options.participant, portal=portal)
    out.print(f"took in the factor of first-hash key {kid} of {options.participant}", highlight=False)


def _take_in_bridges(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.bridging import take_in_bridges
    from cleanroom.pipeline.room import open_room

    with open_room(RoomSettings.from_environment()) as room:
        result = take_in_bridges(room, participant=options.participant)
    out.print(f"bridged {result.rows:,} identifiers of {options.participant}", highlight=False)


def _rotate_k2(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.room import open_room
    from cleanroom.pipeline.rotation import rotate_k2

    with open_room(RoomSettings.from_environment()) as room:
        result = rotate_k2(room, to=options.to)
    out.print(f"epoch {options.to}: {result.rows:,} tokens renamed", highlight=False)


def _close(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.bridging import close_key
    from cleanroom.pipeline.room import open_room

    with open_room(RoomSettings.from_environment()) as room:
        result = close_key(room, hash_kid=options.kid)
    out.print(f"closed {options.kid}: {result.rows:,} tokens renamed", highlight=False)
    if result.detail["without_bridge"]:
        out.print(f"{result.detail['without_bridge']} participants that delivered have sent no bridge from it")
