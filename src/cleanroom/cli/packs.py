"""`cleanroom governance pack|verify|form`: evidence packs, their verifier, and the check form."""

import argparse
import json

from cleanroom.cli.common import add_out, command, err, family, print_line, room_settings
from cleanroom.cli.governance_words import word
from cleanroom.cli.paths import InFile, OutFile
from cleanroom.cli.words import told
from cleanroom.settings import RoomSettings


def add_packs(governance) -> None:
    pack = command(
        governance, "pack", _pack, "write the evidence pack of a release as it stands now, signed by the room",
        "產製某次發布目前之證據包，由無塵室簽章",
    )  # fmt: skip
    pack.add_argument("--release", metavar="ID", help=told(
        "its id (default: the release that stands, else the newest draft)",
        "發布代號（預設為有效之發布，否則為最新草案）"))  # fmt: skip
    add_out(pack, "the pack, a .zip file", "證據包，.zip 檔")
    verify = command(
        governance, "verify", _verify, "verify a pack; the same as verify_pack.py, which needs only Python",
        "驗證證據包；與僅需 Python 之 verify_pack.py 相同",
    )  # fmt: skip
    verify.add_argument("pack", type=InFile, metavar="PACK", help=told("the pack", "證據包"))
    verify.add_argument("--room-key", metavar="KEY", help=told(
        "the clean room's signing key, base64url (in the room: its own)",
        "無塵室簽章公鑰，base64url（無塵室內預設為自身者）"))  # fmt: skip
    verify.add_argument("--at", metavar="TIME", help=told(
        "also ask whether the gate is open then: ISO time, or `now`",
        "並查詢該時點閘門是否開放：ISO 時間或 now"))  # fmt: skip
    form = family(governance, "form", "the check form as a spreadsheet", "查核表（試算表）")
    write = command(form, "write", _write_form, "write the form for the owner to fill in", "產生查核表供負責人填寫")
    write.add_argument("--release", metavar="ID", help=told(
        "fill in the outcomes and documents of this release (asks the portal)",
        "帶入該次發布之結果與文件（詢問入口網站）"))  # fmt: skip
    add_out(write, "the form, a .xlsx file", "查核表，.xlsx 檔")
    read = command(form, "read", _read_form, "read a filled form; prints what release-request.yaml takes",
                   "讀取已填之查核表；輸出 release-request.yaml 所需內容")  # fmt: skip
    read.add_argument("form", type=InFile, metavar="FORM", help=told("the filled form", "已填之查核表"))
    read.add_argument("--out", type=OutFile, metavar="FILE", help=told(
        "write evidence_documents as YAML to this file instead",
        "改將 evidence_documents 以 YAML 寫入此檔"))  # fmt: skip


def _pack(options: argparse.Namespace) -> None:
    from cleanroom.governance.moments import moment
    from cleanroom.pipeline import evidence_pack

    judged = evidence_pack.written(room_settings(), release_id=options.release, out=options.out)
    until = judged.expires_at
    said = {"release": judged.draft.release_id, "file": options.out, "until": moment(until)}
    print_line(word("packed_open" if until else "packed_shut", **said))


def _verify(options: argparse.Namespace) -> None:
    from cleanroom.governance.reports import verify_pack

    key = options.room_key or _own_key()
    if key is None:
        err.print(word("no_key"), markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(verify_pack.UNUSABLE)
    at = ["--at", options.at] if options.at else []
    raise SystemExit(verify_pack.main([str(options.pack), f"--room-key={key}", *at]))


def _own_key() -> str | None:
    """The room's own signing key; None on a machine that is not the room, where it has to be named."""
    from cleanroom.pipeline.keys import open_room_keys

    settings = RoomSettings.from_environment()
    return open_room_keys(settings).signing_public_key if settings.keys.exists() else None


def _write_form(options: argparse.Namespace) -> None:
    from cleanroom.governance.policy import load_policy
    from cleanroom.governance.reports import form

    settings = room_settings() if options.release else RoomSettings.from_environment()
    draft, results = _release(settings, options.release) if options.release else (None, ())
    options.out.write_bytes(form.written(load_policy(settings.policy_file), draft, results))
    print_line(word("written", file=options.out))


def _release(settings: RoomSettings, release_id: str):
    from cleanroom.pipeline import evidence_pack
    from cleanroom.stores.portal_http import HttpPortal

    judged = evidence_pack.judged_now(settings, HttpPortal.of(settings), release_id)
    return judged.draft, judged.results


def _read_form(options: argparse.Namespace) -> None:
    import yaml

    from cleanroom.governance.policy import load_policy
    from cleanroom.governance.reports import form

    found = form.read(load_policy(RoomSettings.from_environment().policy_file), options.form)
    if options.out is None:
        print(json.dumps({"evidence_documents": found}, ensure_ascii=False, indent=2))
        return
    options.out.write_text(yaml.safe_dump({"evidence_documents": found}, allow_unicode=True), encoding="utf-8")
    print_line(word("documents", count=len(found), file=options.out))
