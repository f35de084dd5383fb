"""`cleanroom governance check-policy|policy-schema|what-if`: a policy file before it is adopted."""

import argparse
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from cleanroom.cli.common import add_json, command, out, print_line, room_settings
from cleanroom.cli.governance_words import word
from cleanroom.cli.paths import InFile, InFolder
from cleanroom.cli.words import chosen, told
from cleanroom.errors import PolicyInvalid
from cleanroom.governance.moments import moment
from cleanroom.governance.what_if import ControlChange, Judged, Replay, Replayed
from cleanroom.settings import RoomSettings

if TYPE_CHECKING:
    from cleanroom.governance.policy import Policy

CHANGES = 3  # exit code of a replay under which something would have been decided otherwise
PORTAL = "portal"


def add_policies(governance) -> None:
    check = command(governance, "check-policy", _check, "check a policy file: exit code 0 valid, 29 with every error",
                    "檢查政策檔：結束代碼 0 有效，29 列出全部錯誤")  # fmt: skip
    check.add_argument("file", type=InFile, metavar="FILE", help=told("the policy", "政策檔"))
    add_json(check)
    command(governance, "policy-schema", _schema, "print the JSON Schema of policy files, for editors",
            "輸出政策檔之 JSON Schema，供編輯器使用")  # fmt: skip
    what_if = command(
        governance, "what-if", _what_if,
        f"replay a new policy over past releases: exit code 0 nothing changes, {CHANGES} something does",
        f"以新政策重演過去之發布：結束代碼 0 無異動，{CHANGES} 有異動",
    )  # fmt: skip
    what_if.add_argument("--policy", type=InFile, required=True, metavar="NEW", help=told(
        "the version to be adopted", "擬採用之版本"))  # fmt: skip
    what_if.add_argument("--before", type=InFile, metavar="OLD", help=told(
        "the version in force; the one of this room if absent", "現行版本；未給定則為本無塵室所用者"))  # fmt: skip
    what_if.add_argument("--releases", type=_releases, default=PORTAL, metavar="DIR|portal", help=told(
        "a folder of release records (JSON), or the portal's",
        "發布紀錄（JSON）之資料夾，或入口網站之紀錄"))  # fmt: skip
    add_json(what_if)


def _releases(text: str) -> str | InFolder:
    return text if text == PORTAL else InFolder(text)


def _check(options: argparse.Namespace) -> None:
    from cleanroom.governance.catalogue import load_measurable

    policy = load_measurable(options.file)
    taken = _same_name(policy, _in_force())
    if options.as_json:
        found = {"version": policy.version, "digest": policy.digest, "controls": len(policy.controls)}
        print(json.dumps(found | {"version_is_taken": taken}))
        return
    print_line(word("valid", file=options.file.name, version=policy.version, controls=len(policy.controls),
                    digest=policy.digest))  # fmt: skip
    if taken:
        print_line(word("version_taken", version=policy.version))


def _in_force() -> "Policy | None":
    """The policy of this room, or the one that ships; None where that one does not fit, which is not asked here."""
    from cleanroom.governance.policy import load_policy

    try:
        return load_policy(RoomSettings.from_environment().policy_file)
    except PolicyInvalid:
        return None


def _same_name(policy: "Policy", other: "Policy | None") -> bool:
    """Whether another content bears the same version."""
    return other is not None and policy.version == other.version and policy.digest != other.digest


def _schema(_: argparse.Namespace) -> None:
    from cleanroom.governance.policy import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=1))


def _what_if(options: argparse.Namespace) -> int:
    from cleanroom.governance import what_if

    found = _replay(options)
    if options.as_json:
        print(json.dumps(what_if.as_dict(found), ensure_ascii=False))
    else:
        _show(found)
    return CHANGES if found.changes else 0


def _replay(options: argparse.Namespace) -> Replay:
    from cleanroom.governance.catalogue import load_measurable
    from cleanroom.governance.policy import load_policy
    from cleanroom.pipeline import past_releases

    asks_portal = options.releases == PORTAL
    settings = room_settings() if asks_portal else RoomSettings.from_environment()
    before, after = load_policy(options.before or settings.policy_file), load_measurable(options.policy)
    if asks_portal:
        return past_releases.replay_portal(settings, before=before, after=after)
    return past_releases.replay_folder(options.releases, before=before, after=after)


def _show(found: Replay) -> None:
    said = word(
        "replayed",
        before=found.before.version,
        after=found.after.version,
        replayed=len(found.releases),
        changed=sum(r.changes for r in found.releases),
        verdicts=sum(r.verdict_changes for r in found.releases),
    )
    print_line(said)
    if _same_name(found.after, found.before):
        print_line(word("version_taken", version=found.after.version))
    if not found.changes:
        print_line(word("nothing"))
        return
    changed = [r for r in found.releases if r.changes]
    out.print(_table(("release", "decided", "tier", "verdict", "missing", "why"), [_release(r) for r in changed]))
    controls = [_control(r, c) for r in changed for c in r.controls]
    if controls:
        out.print(_table(("release", "control", "metric", "value", "outcome", "limit"), controls))
    for one in changed:
        _remark_older_waivers(one)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table()
    for head in heads:
        table.add_column(word(head), overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _release(one: Replayed) -> list[str]:
    whole = [r for r in one.after.reasons if r.control_id is None] if one.verdict_changes else []
    return [
        one.release_id,
        moment(one.at),
        _arrow(str(one.before.tier or "-"), str(one.after.tier or "-")),
        _arrow(_verdict(one.before), _verdict(one.after)),
        "\n".join(one.newly_missing),
        "\n".join(chosen((r.en, r.zh_hant)) for r in whole),
    ]


def _remark_older_waivers(one: Replayed) -> None:
    for c in one.controls:
        if c.waiver_is_older:
            print_line(word("older_waiver", release=one.release_id, control=c.control_id, metric=c.metric))


def _control(one: Replayed, c: ControlChange) -> list[str]:
    before, after = (word(f"outcome_{o or 'none'}") for o in (c.before, c.after))
    limits = _arrow(c.limit_before or "-", c.limit_after or "-")
    return [one.release_id, c.control_id, c.metric, _figure(c), _arrow(before, after), limits]


def _figure(c: ControlChange) -> str:
    """With its bounds: one of them decides, not the figure."""
    value, low, high = ("?" if v is None else f"{v:.6g}" for v in (c.value, c.low, c.high))
    if c.value is None:
        return "-"
    return value if c.low is None and c.high is None else f"{value} ({low} – {high})"


def _verdict(judged: Judged) -> str:
    return word(f"verdict_{judged.verdict}")


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"
