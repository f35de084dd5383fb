"""What the result rests on (assumptions.yaml), said with the result in both languages."""

from importlib.resources import files

import yaml

from cleanroom.evaluation.rules import EvaluationRules


def assumptions(rules: EvaluationRules) -> list[dict[str, str]]:
    """The statements with the rules' numbers filled in: {"en", "zh_hant"} each."""
    texts = yaml.safe_load((files("cleanroom.evaluation") / "assumptions.yaml").read_text(encoding="utf-8"))
    amounts = {name: f"{getattr(rules, f'{name}_cents') // 100:,}" for name in ("least_taint", "least_blocked")}
    numbers = {**vars(rules), **amounts}
    return [{language: text.format(**numbers) for language, text in one.items()} for one in texts]
