"""Commands of the room's side: take in, then one command for each step of the line."""

import argparse

from cleanroom.cli.common import command, institution_code, print_line
from cleanroom.cli.value_names import detail_line, name_of
from cleanroom.cli.words import chosen, told
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import RoomSettings

_IN_CHINESE = "_zh_hant"  # a detail that is a sentence stands in both languages, the second under this ending
_STEPS = {
    "build-moneyflow": ("build_moneyflow", "join both legs and follow the money, layer by layer",
                        "合併交易兩端並逐層追查金流"),
    "train": ("train", "keep the candidate while it earns its shadow days, else train another model",
              "候選模型影子運行期間予以續留，否則另行訓練"),
    "evaluate-release": ("evaluate_release", "measure the model; submit it once only signatures are missing",
                         "依政策評估模型；僅缺簽核時提出簽核"),
    "score": ("score", "score every account; without a certificate the scores stay in the shadow",
              "為所有帳戶評分；無放行憑證時僅以影子模式保存"),
    "dispatch": ("dispatch_warnings", "compose, seal and send the warnings", "產製、封裝並傳送預警"),
    "evaluate-outcomes": ("evaluate_outcomes", "how much was blocked, and how the institutions answered",
                          "計算攔阻成效與各機構之回覆"),
}  # fmt: skip


def add_room(commands) -> None:
    take_in = command(commands, "take-in", _take_in, "verify, open, hash again and land what a participant uploaded",
                      "驗證、開啟、二次雜湊並匯入參與機構之上傳件")  # fmt: skip
    code = told("its three-digit code", "三位數機構代碼")
    take_in.add_argument("--participant", type=institution_code, required=True, metavar="CODE", help=code)
    for name, (function, english, chinese) in _STEPS.items():
        command(commands, name, _step, english, chinese).set_defaults(function=function, extra=())
    build = commands.choices["build-moneyflow"]
    full = told("build every layer anew instead of following what changed", "全部各層重建，不僅追查異動部分")
    build.add_argument("--full", action="store_true", help=full)
    build.set_defaults(extra=("full",))
    anew = told("end the candidate and train at once", "結束現有候選模型，立即重新訓練")
    commands.choices["train"].add_argument("--anew", action="store_true", help=anew)
    commands.choices["train"].set_defaults(extra=("anew",))


def _take_in(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    run_id = new_run_id()
    _show(line.take_in(RoomSettings.from_environment(), run_id=run_id, participant=options.participant))


def _step(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    extra = {name: getattr(options, name) for name in options.extra}
    _show(getattr(line, options.function)(RoomSettings.from_environment(), run_id=new_run_id(), **extra))


def _show(run) -> None:
    station, rows, seconds = name_of(run.station), run.rows, run.seconds
    print_line(told(f"{station} {run.step}: {rows:,} rows, {seconds:.1f} s",
                    f"{station}（{run.step}）：{rows:,} 列，{seconds:.1f} 秒"))  # fmt: skip
    for name, value in run.detail.items():
        if not name.endswith(_IN_CHINESE):
            print_line(f"  {detail_line(name, chosen((value, run.detail.get(name + _IN_CHINESE, value))))}")
