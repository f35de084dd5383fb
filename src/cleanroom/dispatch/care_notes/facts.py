"""What a drafter is given of a care notice: facts, approved guidance, and the case's own text as what it is.

The notice is pseudonymous and stays so: no handle, number of the warning, token or name goes in. Times are Taipei's.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cleanroom.contracts.institutions import known_codes
from cleanroom.contracts.messages import PathStep, WarningBody
from cleanroom.dispatch import reasons
from cleanroom.dispatch.care_notes.wording import wording
from cleanroom.errors import RequestInvalid
from cleanroom.governance.generative.transcripts import Language, Passage
from cleanroom.vocabulary.terms import WarningKind

TAIPEI = ZoneInfo("Asia/Taipei")
FIELDS_READ = ("executed_at", "amount_cents", "receiver_institution", "reasons", "amount_bound_cents")


@dataclass(frozen=True)
class CareFacts:
    """The figures of one notice, as texts of one language."""

    language: Language
    payment: str
    reasons: str
    bound: str

    def passages(self) -> tuple[Passage, ...]:
        """F1 payment, F2 reasons, F3 amount, F4 requested action; then the guidance."""
        w, zh = wording(), self.language
        texts = [
            self.payment,
            w.facts["reasons"][zh].format(reasons=self.reasons),
            w.facts["bound"][zh].format(bound=self.bound),
            w.facts["action"][zh],
        ]
        facts = [Passage(id=f"F{n}", kind="fact", text=text) for n, text in enumerate(texts, start=1)]
        guidance = [Passage(id=g.id, kind="guidance", text=g.text(zh)) for g in w.guidance]
        return (*facts, *guidance)


def care_facts(body: WarningBody, language: Language) -> CareFacts:
    """Raises RequestInvalid for a warning that is no care notice: what is said of a suspect is not said to a victim."""
    if body.kind is not WarningKind.CARE or not body.path:
        raise RequestInvalid(
            "a care-call note is drafted from a care notice, and this warning is none",
            zh="關懷電話紀錄係依關懷通知撰擬，而此預警並非關懷通知",
        )
    several = any(r["code"] == reasons.SEVERAL for r in body.reasons)
    text = wording().facts["payments" if several else "payment"][language]
    name = "zh_hant" if language is Language.CHINESE else "en"
    return CareFacts(
        language=language,
        payment=text.format(**_payment(body.path[-1], language)),
        reasons=("；" if language is Language.CHINESE else "; ").join(r[name] for r in body.reasons),
        bound=_amount(body.amount_bound_cents),
    )


def _payment(step: PathStep, language: Language) -> dict[str, str]:
    at = step.executed_at.astimezone(TAIPEI)
    chinese = language is Language.CHINESE
    code = step.receiver_institution
    known = known_codes().get(code)
    name = (known.zh_hant if chinese else known.en) if known else (f"機構 {code}" if chinese else f"institution {code}")
    return {
        "date": f"{at.year - 1911}年{at.month}月{at.day}日" if chinese else f"{at.day} {at:%B} {at.year}",
        "time": f"{at:%H:%M}",
        "amount": _amount(step.amount_cents),
        "payee": name,
    }


def _amount(cents: int) -> str:
    """Whole dollars where there are no cents: 35,000 or 35,000.50."""
    return f"{cents // 100:,}" + (f".{cents % 100:02d}" if cents % 100 else "")
