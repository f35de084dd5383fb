"""`cleanroom governance`: the gate and what decides it. The exit codes stand in docs/stations/governance.md."""

import argparse
import json
from typing import TYPE_CHECKING

from rich.table import Table

from cleanroom.cli.common import add_json, command, day, err, family, out, print_line, room_settings
from cleanroom.cli.governance_words import word
from cleanroom.cli.packs import add_packs
from cleanroom.cli.paths import InFile
from cleanroom.cli.policies import add_policies
from cleanroom.cli.transcripts import add_transcripts
from cleanroom.cli.words import chosen, told
from cleanroom.errors import GateClosed

if TYPE_CHECKING:
    from cleanroom.pipeline.shadow_view import View


def add_governance(commands) -> None:
    """Further families of governance commands are added here, each from its own module."""
    governance = family(
        commands, "governance", "programmable governance: policy, gate, evidence", "可程式化治理：政策、閘門、證據"
    )
    gate = command(
        governance, "gate", _gate,
        "ask the gate: exit code 0 open, 26 shut, 10 to 41 unusable (settings, policy, artefact), 70 to 77 unreachable",
        "查詢閘門：結束代碼 0 開放，26 關閉，10 至 41 無法判定（設定、政策、模型檔），70 至 77 無法連線",
    )  # fmt: skip
    add_json(gate)
    gate.add_argument("--certificate", metavar="DIGEST", help=told(
        "shut unless it is the digest of the certificate", "放行憑證之雜湊值；不符即關閉"))  # fmt: skip
    drill = command(governance, "drill", _drill,
                    "hold the kill-switch drill: somebody stops the sending, the gate is timed",
                    "演練緊急停止：由人員下達停止命令，並計時至閘門關閉")  # fmt: skip
    drill.add_argument("--wait", type=float, default=600.0, metavar="SECONDS", help=told(
        "how long to wait for the order (default %(default)g)", "等候命令之秒數（預設 %(default)g）"))  # fmt: skip
    watch = command(governance, "watch", _watch,
                    "suspend the release in force where something asks for it: exit code 0 it stands, 26 suspended",
                    "因事件或到期而須停止時，暫停有效之發布：0 維持，26 已暫停")  # fmt: skip
    add_json(watch)
    scan = command(governance, "scan-report", _scan, "keep a scanner's report (pip-audit or OSV-Scanner, JSON)",
                   "收存弱點掃描報告（pip-audit 或 OSV-Scanner 之 JSON）")  # fmt: skip
    scan.add_argument("file", type=InFile, metavar="FILE", help=told("the report", "掃描報告"))
    scan.add_argument("--scanned-on", type=day, required=True, metavar="YYYY-MM-DD", help=told(
        "the day of the scan", "掃描日期"))  # fmt: skip
    metrics = command(governance, "metrics", _metrics, "every figure that a policy may judge, and what computes it",
                      "政策可據以判定之全部指標及其計算方式")  # fmt: skip
    add_json(metrics)
    shadow = command(governance, "shadow", _shadow,
                     "what the models in the shadow would have come to, beside the released one",
                     "影子運行之模型至今成效，並列已發布模型")  # fmt: skip
    add_json(shadow)
    add_policies(governance)
    add_packs(governance)
    add_transcripts(governance)


def _gate(options: argparse.Namespace) -> int:
    from cleanroom.governance.moments import moment
    from cleanroom.pipeline import line

    decision = line.ask_gate(room_settings(), presented=options.certificate)
    if options.as_json:
        print(json.dumps(decision.as_dict(), ensure_ascii=False))
        return 0 if decision.is_open else GateClosed.exit_code
    certificate = decision.require()
    said = word("open", certificate=certificate.digest, until=moment(certificate.expires_at))
    out.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0


def _drill(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import drill
    from cleanroom.pipeline.gate import Desk

    desk = Desk.of(room_settings())
    err.print(word("order_now", patience=options.wait), markup=False, highlight=False, soft_wrap=True)
    held = drill.hold(desk, patience_s=options.wait)
    out.print(word("drilled", seconds=held.seconds), markup=False, highlight=False, soft_wrap=True)


def _watch(options: argparse.Namespace) -> int:
    from cleanroom.pipeline import line

    watched = line.watch_release(room_settings())
    name = watched.record.draft.release_id if watched.record else None
    if options.as_json:
        found = {"release_id": name, "suspended": bool(watched.reasons), "reasons": [vars(r) for r in watched.reasons]}
        print(json.dumps(found, ensure_ascii=False))
    elif watched.reasons:
        why = "; ".join(chosen((str(r), r.zh_hant)) for r in watched.reasons)
        out.print(word("suspended", release=name, why=why), markup=False, highlight=False, soft_wrap=True)
    else:
        out.print(word("stays", release=name) if name else word("none_out"), markup=False, highlight=False)
    return GateClosed.exit_code if watched.reasons else 0


def _scan(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import scan_report
    from cleanroom.stores.portal_http import HttpPortal

    settings = room_settings()
    kept = scan_report.keep(settings, options.file, scanned_on=options.scanned_on, portal=HttpPortal.of(settings))
    said = word("scanned", day=options.scanned_on, packages=len(kept.packages), critical=kept.critical,
                digest=kept.digest)  # fmt: skip
    out.print(said, markup=False, highlight=False, soft_wrap=True)


def _metrics(options: argparse.Namespace) -> None:
    from cleanroom.governance.catalogue import figures

    if options.as_json:
        print(json.dumps({name: f.model_dump(mode="json") for name, f in figures().items()}, ensure_ascii=False))
        return
    table = _table("metric", "supplier", "source", "meaning")
    for name, figure in figures().items():
        both = ((t.en, t.zh_hant) for t in (figure.source, figure.text))
        table.add_row(name, word(f"supplier_{figure.supplier}"), *map(chosen, both))
    out.print(table)


def _table(*heads: str) -> Table:
    """Names are copied from here, so nothing is cut off."""
    table = Table()
    for head in heads:
        table.add_column(word(head), overflow="fold")
    return table


def _shadow(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    found = line.shadow_view(room_settings())
    if options.as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
        return
    _show_shadow(found)


def _show_shadow(found: "View") -> None:
    """The released model stands there alone where none is in the shadow: `--json` gives it as well."""
    if not found.in_shadow:
        print_line(word("no_shadow"))
    if not found.in_shadow and found.released is None:
        return
    table = _table("release", "role", "days", "period", "noticed", "listed_since", "precision")
    for one in (*found.in_shadow, *([found.released] if found.released else [])):
        table.add_row(*_shadow_row(one, found.needed_days))
    out.print(table)
    print_line(word("shadow_bound"))


def _shadow_row(one, needed: float | None) -> list[str]:
    days = "-" if one.days is None else str(one.days) if needed is None else f"{one.days} / {needed:g}"
    low, high = one.interval or (0.0, 0.0)
    share = "-" if one.precision is None else f"{one.precision:.1%} ({low:.1%} – {high:.1%})"
    period = f"{one.first_at:%Y-%m-%d} – {one.last_at:%Y-%m-%d}"
    role = word("role_released" if one.days is None else "role_shadow")
    return [one.release_id, role, days, period, f"{one.noticed:,}", f"{one.listed_since:,}", share]
