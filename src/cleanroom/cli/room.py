"""Commands of the room's side: take in, then one command for each step of the line."""

import argparse

from cleanroom.cli.common import command, institution_code, show_run
from cleanroom.cli.words import told
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import RoomSettings

_STEPS = {
    "build-moneyflow": ("build_moneyflow", "join both legs and follow the money, layer by layer",
                        "合併交易兩端並逐層追查金流"),
    "train": ("train", "train the scoring model on the graph as it was at earlier cut-offs",
              "以歷次截止時點之金流圖訓練評分模型"),
    "evaluate-release": ("evaluate_release", "evaluate the model under the policy and submit it for sign-off",
                         "依政策評估模型並提出簽核"),
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


def _take_in(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    run_id = new_run_id()
    show_run(line.take_in(RoomSettings.from_environment(), run_id=run_id, participant=options.participant))


def _step(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    extra = {name: getattr(options, name) for name in options.extra}
    show_run(getattr(line, options.function)(RoomSettings.from_environment(), run_id=new_run_id(), **extra))
