"""Transcripts by hand: one answer with its passages, everything else as a recording would have it."""

from datetime import UTC, datetime

from cleanroom.contracts.chat import ChatMessage
from cleanroom.governance.generative.judges import Verdict
from cleanroom.governance.generative.transcripts import CaseKind, Expected, Language, Passage, Transcript

MADE_AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
FACTS = {
    "zh-hant": ("客戶於 114年3月5日 14:05 付款新臺幣 35,000 元至第一商業銀行。", "通報原因：與該帳戶先前並無往來。"),
    "en": ("The customer paid NT$35,000 to First Commercial Bank on 5 March 2025 at 14:05.",
           "Reasons for the notice: had never dealt with that account before."),
}  # fmt: skip
GUIDANCE = {
    "zh-hant": ("以開放式問題請客戶說明付款緣由，不作評斷。", "請客戶先暫緩付款，並撥打 165 求證。"),
    "en": ("Ask open questions about the payment, without judging.", "Ask the customer to wait and to check with 165."),
}
LABEL = {"zh-hant": "【AI 產製草稿】", "en": "[AI-generated draft]"}


def passages(language: str = "zh-hant", *, case_text: str | None = None) -> tuple[Passage, ...]:
    found = [Passage(id=f"F{n}", kind="fact", text=t) for n, t in enumerate(FACTS[language], start=1)]
    found += [Passage(id=f"G{n}", kind="guidance", text=t) for n, t in enumerate(GUIDANCE[language], start=1)]
    return (*found, Passage(id="C1", kind="case_text", text=case_text)) if case_text else tuple(found)


def a_transcript(output: str, language: str = "zh-hant", *, case_text: str | None = None, **changes) -> Transcript:
    """`output` without its label, which is put before it; say `bare=True` to leave it as it is."""
    label = "" if changes.pop("bare", False) else LABEL[language] + "\n"
    plain = {
        "suite": "0" * 64, "case": "note", "kind": CaseKind.NOTE, "facts": "notice-0", "language": Language(language),
        "messages": (ChatMessage(role="user", content="write"),), "passages": passages(language, case_text=case_text),
        "output": label + output, "expected": Expected.ANSWER, "model": "m", "prompt_version": "p", "made_at": MADE_AT,
    }  # fmt: skip
    return Transcript(**(plain | changes))


def verdict(**found: bool) -> Verdict:
    """What a judge says; all that is not named is not so."""
    return Verdict(**(dict.fromkeys(Verdict.model_fields, False) | found))
