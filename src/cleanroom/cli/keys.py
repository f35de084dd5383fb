"""Commands on keys: make, share, show, pin."""

import argparse
from typing import Any

from cleanroom.cli.common import add_institution, add_out, command, family, print_line
from cleanroom.cli.paths import InFile
from cleanroom.cli.rotation import add_rotation, add_share
from cleanroom.cli.value_names import name_of
from cleanroom.cli.words import told
from cleanroom.contracts.possession import fingerprint
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.settings import ParticipantSettings, RoomSettings

_LABELS = {
    "signing_kid": "簽章金鑰代號",
    "signing_public_key": "簽章公鑰",
    "recipient_kid": "封裝金鑰代號",
    "recipient": "封裝收件公鑰",
    "fingerprint": "指紋",
    "signing_fingerprint": "簽章金鑰指紋",
    "recipient_fingerprint": "封裝金鑰指紋",
}


def add_keys(commands) -> None:
    keys = family(commands, "keys", "make, share and show keys", "產製、分享與顯示金鑰")
    _add_making(keys)
    _add_sharing(keys)
    _add_registering(keys)
    add_rotation(keys)


def _add_making(keys) -> None:
    room = command(keys, "init-room", _keys_room, "make the clean room's key ring", "產製無塵室之金鑰環")
    command(keys, "show-room", _keys_show_room, "print the clean room's public keys, which verify its signatures",
            "顯示無塵室公鑰，用以驗證其簽章")  # fmt: skip
    own = command(keys, "init-participant", _keys_participant, "make a participant's key ring", "產製參與機構之金鑰環")
    add_institution(own)
    own.add_argument("--make-k1", action="store_true", help=told(
        "the founding participant makes the shared first-hash key", "由發起機構產製共用之一次雜湊金鑰"))  # fmt: skip
    add_share(own)
    for parser in (room, own):
        parser.add_argument("--demo", action="store_true", help=told(
            "mark the keys; production refuses them", "標示為示範金鑰；正式環境不予採用"))  # fmt: skip
    moved = command(keys, "rewrap", _keys_rewrap, "bring a key ring from its custodian to another one",
                    "將金鑰環移轉至其他保管方式")  # fmt: skip
    add_institution(moved, required=False)
    moved.add_argument("--to", required=True, metavar="CUSTODY", help=told(
        "passphrase:FILE, gcp-kms://KEY, or file for a demo's ring",
        "passphrase:FILE、gcp-kms://KEY，示範用金鑰環可用 file"))  # fmt: skip


def _add_sharing(keys) -> None:
    share = command(keys, "export-k1", _keys_export, "seal the first-hash key to another participant",
                    "將一次雜湊金鑰封裝予另一參與機構")  # fmt: skip
    add_institution(share)
    share.add_argument("--recipient", required=True, metavar="AGE", help=told(
        "the other participant's age recipient, read out by phone", "對方之 age 收件公鑰，經電話核對"))  # fmt: skip
    add_out(share, "the sealed share", "封裝後之金鑰檔")
    card = command(keys, "canaries", _keys_canaries, "show the canaries of the first-hash key, for the custodian",
                   "顯示一次雜湊金鑰之測試值，供金鑰保管人核對")  # fmt: skip
    add_institution(card)
    pin = command(keys, "pin-canaries", _keys_pin, "tell the room which first-hash key was agreed on",
                  "告知無塵室約定採用之一次雜湊金鑰")  # fmt: skip
    pin.add_argument("card", type=InFile, metavar="FILE", help=told(
        "what `cleanroom keys canaries` printed at a participant",
        "參與機構執行 cleanroom keys canaries 之輸出"))  # fmt: skip


def _add_registering(keys) -> None:
    proposed = command(keys, "propose", _keys_propose,
                       "propose the public keys to the portal, with proof of the private ones",
                       "向入口網站提出公鑰，並證明持有私鑰")  # fmt: skip
    answer = command(keys, "answer", _keys_answer, "answer the portal's challenge for the sealing key",
                     "回答入口網站對封裝金鑰之驗證問題")  # fmt: skip
    answer.add_argument(
        "challenge", help=told("the challenge, as the portal's page shows it", "入口網站頁面所示之驗證問題")
    )
    renewed = command(keys, "renew", _keys_renew, "draw a new signing or sealing key; then propose it",
                      "產製新簽章金鑰或封裝金鑰，其後須提出登錄")  # fmt: skip
    renewed.add_argument("--purpose", choices=("signing", "sealing"), required=True, help=told(
        "what the key is for", "金鑰用途：signing 簽章、sealing 封裝"))  # fmt: skip
    renewed.add_argument("--after", required=True, metavar="KID", help=told(
        "the name of the key in use, that it follows", "現用金鑰之代號，新金鑰接續其後"))  # fmt: skip
    for parser in (proposed, answer, renewed):
        add_institution(parser, required=False)


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

    settings = ParticipantSettings.from_environment(options.institution)
    share = keys.export_k1(settings.keys, options.recipient, **_opening(settings))
    options.out.write_bytes(share)
    print_line(told(f"wrote {options.out}: only the holder of that recipient can open it",
                    f"已寫入 {options.out}：僅該收件公鑰之持有人得開啟"))  # fmt: skip


def _keys_canaries(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys, pins

    settings = ParticipantSettings.from_environment(options.institution)
    print(pins.card_text(keys.canary_card(settings.keys, **_opening(settings))))


def _keys_pin(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys, pins

    settings, card = RoomSettings.from_environment(), pins.read_card(options.card)
    pins.pin(settings, card, ring=keys.open_room_keys(settings))
    print_line(told(f"pinned the canaries of first-hash key {card.hash_kid} ({card.scheme})",
                    f"已登錄一次雜湊金鑰 {card.hash_kid} 之測試值（{card.scheme}）"))  # fmt: skip


def _keys_propose(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.key_registration import propose_keys
    from cleanroom.pipeline.keys import open_keys

    settings = _side(options)
    for standing in propose_keys(settings):
        waits = told(": a second person approves it on the portal's page", "：須由第二人於入口網站核准")
        is_waiting = standing.state == "proposed"
        colon = told(": ", "：")
        print_line(f"{standing.kid}{colon}{name_of(standing.state)}{waits if is_waiting else ''}")
    _show_fingerprints(open_keys(settings))


def _keys_answer(options: argparse.Namespace) -> None:
    from cleanroom.crypto.possession import answer_challenge
    from cleanroom.pipeline.keys import open_keys

    print(answer_challenge(open_keys(_side(options)), options.challenge))


def _keys_renew(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.keys import open_keys, renew_key

    settings = _side(options)
    changed = renew_key(settings, purpose=options.purpose, after=options.after)
    drawn = told("a new key was drawn; propose it with `cleanroom keys propose`",
                 "已產製新金鑰；請以 cleanroom keys propose 提出登錄")  # fmt: skip
    print_line(drawn if changed else told("there is a newer key already", "已有較新之金鑰"))
    _show_public(open_keys(settings))


def _keys_rewrap(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.custody import rewrap

    settings = _side(options)
    to = "" if options.to == "file" else options.to
    if rewrap(settings, to=to):
        setting = f"CLEANROOM_KEY_CUSTODY={to}" if to else "CLEANROOM_KEY_CUSTODY"
        print_line(told(f"the key ring has another custodian now: {'set' if to else 'unset'} {setting}",
                        f"金鑰環已移轉；請{'設定' if to else '取消設定'} {setting}"))  # fmt: skip
    else:
        print_line(told("the key ring is with this custodian already", "金鑰環已採此保管方式"))


def _opening(settings: ParticipantSettings) -> dict[str, Any]:
    from cleanroom.pipeline.custody import custodian_of

    return {"custodian": custodian_of(settings), "production": settings.production}


def _side(options: argparse.Namespace) -> ParticipantSettings | RoomSettings:
    code = options.institution
    return ParticipantSettings.from_environment(code) if code else RoomSettings.from_environment()


def _show_public(ring) -> None:
    for name in ("signing_kid", "signing_public_key", "recipient_kid", "recipient"):
        print_line(_labelled(name, getattr(ring, name)))
    _show_fingerprints(ring)


def _show_fingerprints(ring) -> None:
    """For the second person, who compares them by voice."""
    for name, public in _compared(ring):
        print_line(_labelled(name, fingerprint(public)))


def _labelled(name: str, value: str) -> str:
    return told(f"{name}: {value}", f"{_LABELS[name]}：{value}")


def _compared(ring) -> list[tuple[str, str]]:
    """What the portal shows whoever approves: the clean room's pair is proposed and compared as one."""
    if isinstance(ring, RoomKeyRing):
        return [("fingerprint", ring.recipient + ring.signing_public_key)]
    return [("signing_fingerprint", ring.signing_public_key), ("recipient_fingerprint", ring.recipient)]
