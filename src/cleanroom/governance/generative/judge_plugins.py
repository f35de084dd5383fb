"""Judges that an installed package brings: its entry points in the group `cleanroom.judges`.

An entry point names something that is called without arguments and gives a `Judge`. What it decides is held to the
rule judge's floor (docs/adr/0120).
"""

from importlib.metadata import EntryPoint, entry_points

from cleanroom.errors import ModelFault, SettingsInvalid
from cleanroom.governance.generative.judges import Judge, RuleJudge, Verdict, raised
from cleanroom.governance.generative.transcripts import Transcript

GROUP = "cleanroom.judges"


class InstalledJudge:
    """Another's judge above the floor. Raises ModelFault where it fails or gives something else than a Verdict."""

    def __init__(self, judge: Judge):
        self._judge, self._rules = judge, RuleJudge()

    @property
    def name(self) -> str:
        return f"rules and {self._judge.name}"

    def judge(self, transcript: Transcript) -> Verdict:
        return raised(self._rules.judge(transcript), self._asked(transcript))

    def _asked(self, transcript: Transcript) -> Verdict:
        try:
            found = self._judge.judge(transcript)
        except Exception as e:  # another's code raises whatever it likes
            raise _unfit(f"stops with {type(e).__name__}", f"中斷（{type(e).__name__}）") from None
        if not isinstance(found, Verdict):
            raise _unfit("gives no Verdict", "未回傳 Verdict")
        return found


def installed() -> dict[str, EntryPoint]:
    """By name; built-in names are not to be had."""
    return {e.name: e for e in entry_points(group=GROUP) if e.name not in ("rules", "model")}


def judge_named(name: str) -> InstalledJudge:
    """Raises SettingsInvalid where no package brings such a judge, ModelFault where it cannot be made."""
    found = installed()
    if name not in found:
        names = ", ".join(["rules", "model", *sorted(found)])
        raise SettingsInvalid(
            f"no installed package brings this judge; there are: {names}",
            zh=f"已安裝之套件均未提供此評審；可用者：{names}",
            rule="judge",
        )
    try:
        return InstalledJudge(found[name].load()())
    except Exception as e:
        raise _unfit(f"cannot be made ({type(e).__name__})", f"無法建立（{type(e).__name__}）") from None


def _unfit(how: str, how_zh: str) -> ModelFault:
    return ModelFault(f"the installed judge {how}; take the rule judge", zh=f"所安裝之評審{how_zh}；請改用規則評分")
