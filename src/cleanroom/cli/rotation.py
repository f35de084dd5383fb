"""Commands that change keys in the middle of a programme, and those of the scheme with a key per institution."""

import argparse
from dataclasses import replace

from cleanroom.cli.common import add_institution, add_out, command, institution_code, print_line
from cleanroom.cli.paths import InFile, InFolder, OutFolder
from cleanroom.cli.waiting import waiting
from cleanroom.cli.words import told
from cleanroom.settings import ParticipantSettings, RoomSettings


def add_rotation(keys) -> None:
    _add_shared(keys)
    _add_own(keys)
    _add_joint(keys)
    _add_room(keys)


def add_share(parser) -> None:
    parser.add_argument("--k1-from", type=InFile, metavar="FILE", help=told(
        "a share of it that another participant exported for you", "另一參與機構為貴機構匯出之金鑰檔"))  # fmt: skip


def _add_shared(keys) -> None:
    """hmac2-v1: K1 is changed for all, and each institution bridges from the old to the new."""
    following = command(keys, "next-k1", _next_k1, "the shared first-hash key that follows: make it, or import it",
                        "下一把共用之一次雜湊金鑰：產製或匯入")  # fmt: skip
    _add_after(following, required=True)
    add_share(following)
    bridge = command(keys, "send-bridge", _send_bridge, "bridge what was sent under the old first-hash key to the new",
                     "將以舊一次雜湊金鑰上傳之代碼對應至新金鑰")  # fmt: skip
    bridge.add_argument("--data", type=InFolder, metavar="DIR", help=told(
        "the folder with institution.json (default CLEANROOM_DATA_DIR)",
        "含 institution.json 之資料夾（預設為 CLEANROOM_DATA_DIR）"))  # fmt: skip
    handle = command(keys, "next-handle-key", _next_handle, "draw a new handle key; the older ones go on opening",
                     "產製新回查碼金鑰；舊金鑰仍可開啟")  # fmt: skip
    handle.add_argument("--after", type=int, required=True, metavar="N", help=told(
        "how many the ring holds now", "金鑰環現有把數"))  # fmt: skip
    for parser in (following, bridge, handle):
        add_institution(parser)


def _add_after(parser, *, required: bool) -> None:
    text = told("the key in use, that it follows", "現用金鑰之代號，新金鑰接續其後") if required else told(
        "the key in use, that it follows; without it, the first one", "現用金鑰之代號；未給定則為第一把")  # fmt: skip
    parser.add_argument("--after", required=required, metavar="KID", help=text)


def _add_own(keys) -> None:
    """r255-rekey-v1: a key and a factor per institution."""
    own = command(keys, "make-own-key", _make_own, "draw this institution's own first-hash key (r255-rekey-v1)",
                  "產製本機構自有之一次雜湊金鑰（r255-rekey-v1）")  # fmt: skip
    _add_after(own, required=False)
    factor = command(keys, "export-factor", _export_factor, "seal the factor of the own key to the clean room",
                     "將自有金鑰之換算因子封裝予無塵室")  # fmt: skip
    factor.add_argument("--joint", type=InFile, required=True, metavar="FILE", help=told(
        "this institution's share of the joint scalar", "本機構之共同純量份額"))  # fmt: skip
    factor.add_argument("--room-recipient", required=True, metavar="AGE", help=told(
        "the clean room's age recipient", "無塵室之 age 收件公鑰"))  # fmt: skip
    add_out(factor, "the sealed factor", "封裝後之換算因子")
    for parser in (own, factor):
        add_institution(parser)


def _add_joint(keys) -> None:
    """r255-rekey-v1: the joint scalar, offline."""
    joint = command(keys, "share-joint", _share_joint, "draw the joint scalar for all, sealed to each participant",
                    "產製共同純量，分別封裝予各參與機構")  # fmt: skip
    joint.add_argument("--to", type=_addressee, action="append", required=True, metavar="CODE=RECIPIENT", help=told(
        "once per participant", "每一參與機構給定一次"))  # fmt: skip
    add_out(
        joint, "folder for one file per participant, kept offline", "存放各機構檔案之資料夾，離線保管", kind=OutFolder
    )


def _add_room(keys) -> None:
    factor = command(keys, "import-factor", _import_factor, "take a participant's factor into the clean room's ring",
                     "將參與機構之換算因子匯入無塵室金鑰環")  # fmt: skip
    factor.add_argument("file", type=InFile, metavar="FILE", help=told("the sealed factor", "封裝後之換算因子"))
    bridges = command(keys, "take-in-bridges", _take_in_bridges, "take in the bridges that a participant sent",
                      "匯入參與機構所送之代碼對應")  # fmt: skip
    for parser in (factor, bridges):
        code = told("its three-digit code", "三位數機構代碼")
        parser.add_argument("--participant", type=institution_code, required=True, metavar="CODE", help=code)
    rotate = command(keys, "rotate-k2", _rotate_k2, "bring the second-hash key and every token to the next epoch",
                     "將二次雜湊金鑰及所有代碼移至下一期")  # fmt: skip
    rotate.add_argument("--to", type=int, required=True, metavar="EPOCH", help=told(
        "the next epoch; the same again is safe", "下一期之期別；重複執行無妨"))  # fmt: skip
    close = command(keys, "close-key", _close, "take nothing in any more under a first-hash key",
                    "停止接受以某一次雜湊金鑰產生之資料")  # fmt: skip
    close.add_argument("kid", metavar="KID", help=told("the key's name", "金鑰代號"))


def _addressee(text: str) -> tuple[str, str]:
    code, mark, recipient = text.partition("=")
    if not mark:
        raise argparse.ArgumentTypeError(told(f"{text!r} is not CODE=RECIPIENT", f"{text!r} 非 CODE=RECIPIENT 格式"))
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
    with waiting("hashing and sealing every identifier", "雜湊並封裝全部識別碼"):
        result = send_bridge(settings, portal=HttpPortal.of(settings), objects=objects)
    done = told("sent", "已傳送") if result.detail["uploaded"] else told("the room has it already", "無塵室已有")
    print_line(told(f"a bridge of {result.rows:,} identifiers: {done}", f"{result.rows:,} 筆識別碼之代碼對應：{done}"))


def _next_handle(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    keys.next_handle_key(ParticipantSettings.from_environment(options.institution), after=options.after)
    print_line(told("handles are issued under the new key from now on; warnings under older ones still open",
                    "此後回查碼以新金鑰產生；以舊金鑰產生之預警仍可開啟"))  # fmt: skip


def _share_joint(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    options.out.mkdir(parents=True, exist_ok=True, mode=0o700)
    for code, share in keys.share_joint(dict(options.to)).items():
        with (options.out / f"joint-{code}.age").open("xb") as file:  # never over an older one
            file.write(share)
    count, folder = len(options.to), options.out
    print_line(told(f"wrote {count} shares to {folder}: send each to its participant, who keeps it offline",
                    f"已將 {count} 份寫入 {folder}：請分別送交各參與機構離線保管"))  # fmt: skip


def _make_own(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    _show_kid(keys.make_own_key(ParticipantSettings.from_environment(options.institution), after=options.after))


def _export_factor(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    settings = ParticipantSettings.from_environment(options.institution)
    sealed = keys.export_factor(settings, joint=options.joint, room_recipient=options.room_recipient)
    options.out.write_bytes(sealed)
    print_line(told(f"wrote {options.out}: only the clean room can open it; put the share back into its safe",
                    f"已寫入 {options.out}：僅無塵室得開啟；請將份額放回保管處"))  # fmt: skip


def _show_kid(kid: str) -> None:
    print_line(told(f"first-hash key in use: {kid}", f"現用一次雜湊金鑰：{kid}"))


# --- in the room --------------------------------------------------------------------------------------------------


def _import_factor(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys
    from cleanroom.stores.portal_http import HttpPortal

    settings = RoomSettings.from_environment()
    portal = HttpPortal.of(settings)
    kid = keys.import_factor(settings, options.file, participant=options.participant, portal=portal)
    code = options.participant
    print_line(
        told(f"took in the factor of first-hash key {kid} of {code}", f"已匯入 {code} 一次雜湊金鑰 {kid} 之換算因子")
    )


def _take_in_bridges(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.bridging import take_in_bridges

    code = options.participant
    with waiting(f"taking in the bridges of {code}", f"匯入 {code} 之代碼對應"), _open() as room:
        result = take_in_bridges(room, participant=code)
    print_line(told(f"bridged {result.rows:,} identifiers of {code}", f"已對應 {code} 之 {result.rows:,} 筆識別碼"))


def _rotate_k2(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.rotation import rotate_k2

    epoch = options.to
    with waiting(f"renaming every token to epoch {epoch}", f"將全部代碼移至第 {epoch} 期"), _open() as room:
        result = rotate_k2(room, to=epoch)
    print_line(told(f"epoch {epoch}: {result.rows:,} tokens renamed", f"第 {epoch} 期：已更換 {result.rows:,} 個代碼"))


def _close(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.bridging import close_key

    kid = options.kid
    with waiting(f"closing {kid}", f"停用 {kid}"), _open() as room:
        result = close_key(room, hash_kid=kid)
    print_line(told(f"closed {kid}: {result.rows:,} tokens renamed", f"已停用 {kid}：更換 {result.rows:,} 個代碼"))
    if without := result.detail["without_bridge"]:
        print_line(told(f"{without} participants that delivered have sent no bridge from it",
                        f"{without} 個曾上傳之參與機構尚未送交其代碼對應"))  # fmt: skip


def _open():
    from cleanroom.pipeline.room import open_room

    return open_room(RoomSettings.from_environment())
