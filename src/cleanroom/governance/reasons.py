"""Why the gate is closed, one reason at a time, in both languages, for the error and for the page alike."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """`code` is stable and unique per kind of reason; `control_id` where one control is at fault."""

    code: str
    en: str
    zh_hant: str
    control_id: str | None = None

    def __str__(self) -> str:
        return f"{self.control_id}: {self.en}" if self.control_id else self.en


def as_sentence(opening: str, reasons: tuple[Reason, ...]) -> str:
    """Every reason in one sentence, so that a person need not fix them one by one."""
    return f"{opening}: {'; '.join(str(r) for r in reasons)}"


def in_chinese(opening: str, reasons: tuple[Reason, ...]) -> str:
    """`as_sentence`, in Traditional Chinese."""
    said = [f"{r.control_id} {r.zh_hant}" if r.control_id else r.zh_hant for r in reasons]
    return f"{opening}：{'；'.join(said)}"
