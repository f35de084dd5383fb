"""`cleanroom governance pack|verify|form`: evidence packs, their verifier, and the check form."""

import argparse
import json
from pathlib import Path

from cleanroom.cli.common import command, out
from cleanroom.settings import RoomSettings


def add_packs(governance) -> None:
    pack = command(
        governance, "pack", _pack, "write the evidence pack of a release as it stands now, signed by the room"
    )
    pack.add_argument("--release", help="its id (default: the release that stands, else the newest draft)")
    pack.add_argument("--out", type=Path, required=True, help="the pack, a .zip file")
    verify = command(
        governance, "verify", _verify, "verify a pack; the same as verify_pack.py, which needs only Python"
    )
    verify.add_argument("pack", type=Path)
    verify.add_argument("--room-key", help="the clean room's signing key, base64url (in the room: its own)")
    verify.add_argument("--at", help="also ask whether the gate is open then: ISO time, or `now`")
    form = governance.add_parser("form", help="the check form as a spreadsheet").add_subparsers(
        required=True, metavar="ACTION"
    )
    write = command(form, "write", _write_form, "write the form for the owner to fill in")
    write.add_argument("--release", help="with the outcomes and documents of this release (asks the portal)")
    write.add_argument("--out", type=Path, required=True, help="the form, a .xlsx file")
    read = command(form, "read", _read_form, "read a filled form; prints what release-request.yaml takes")
    read.add_argument("form", type=Path)
    read.add_argument("--out", type=Path, help="write evidence_documents as YAML to this file instead")


def _pack(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import evidence_pack

    judged = evidence_pack.written(RoomSettings.from_environment(), release_id=options.release, out=options.out)
    gate = f"open until {judged.expires_at.isoformat()}" if judged.expires_at else "shut"
    out.print(f"{judged.draft.release_id}: gate {gate}; written to {options.out}", highlight=False, soft_wrap=True)


def _verify(options: argparse.Namespace) -> None:
    from cleanroom.governance.reports import verify_pack

    key = options.room_key or _own_key()
    named = [f"--room-key={key}"] if key else []
    at = ["--at", options.at] if options.at else []
    raise SystemExit(verify_pack.main([str(options.pack), *named, *at]))


def _own_key() -> str | None:
    """The room's own signing key; None on a machine that is not the room, where it has to be named."""
    from cleanroom.pipeline.keys import open_room_keys

    settings = RoomSettings.from_environment()
    return open_room_keys(settings).signing_public_key if settings.keys.exists() else None


def _write_form(options: argparse.Namespace) -> None:
    from cleanroom.governance.policy import load_policy
    from cleanroom.governance.reports import form

    settings = RoomSettings.from_environment()
    draft, results = _release(settings, options.release) if options.release else (None, ())
    options.out.write_bytes(form.written(load_policy(settings.policy_file), draft, results))
    out.print(f"written to {options.out}", highlight=False, soft_wrap=True)


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
    out.print(f"{len(found)} documents written to {options.out}", highlight=False, soft_wrap=True)
