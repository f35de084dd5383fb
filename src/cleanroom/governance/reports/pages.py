"""The evidence pack as a person reads it: one page in each language, from the record as it is judged at one time."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, partial
from importlib.resources import files
from typing import Any

import jinja2

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import ControlResult, ReleaseDraft, ReleaseRecord
from cleanroom.errors import CleanroomError
from cleanroom.governance import drafts, gate, matrix, releases, risk
from cleanroom.governance.catalogue import Supplier, figures
from cleanroom.governance.certificate import Certificate
from cleanroom.governance.moments import moment
from cleanroom.governance.policy import Policy
from cleanroom.governance.reasons import Reason
from cleanroom.governance.reports import naming
from cleanroom.governance.reports.words import Words

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})")


@dataclass(frozen=True)
class Judged:
    """A release as it stood at `at`, for the institutions that receive its output (`receivers`, codes)."""

    policy: Policy
    record: ReleaseRecord
    receivers: tuple[str, ...]
    at: datetime

    @property
    def draft(self) -> ReleaseDraft:
        return self.record.draft

    @cached_property
    def _decision(self) -> gate.Decision:
        return gate.decide(
            self.policy,
            self.record,
            now=self.at,
            artefact_digest=self.draft.digests.artefact,
            participants=self.receivers,
        )

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why the gate is shut for it; () where it is open."""
        return self._decision.reasons

    @property
    def open(self) -> bool:
        return self._decision.is_open

    @property
    def certificate(self) -> Certificate | None:
        return self._decision.certificate

    @property
    def expires_at(self) -> datetime | None:
        return self.certificate and self.certificate.expires_at

    @cached_property
    def results(self) -> tuple[ControlResult, ...]:
        """Judged afresh; those of the draft where it is not what it says, so that nothing of it can be judged."""
        if drafts.problems(self.policy, self.draft, now=self.at):
            known = {c.id for c in self.policy.controls}
            return tuple(r for r in self.draft.controls if r.control_id in known)
        return gate.results(self.policy, self.record, now=self.at)

    @cached_property
    def content(self) -> str:
        """SHA-256 of what was judged and came out, whenever that was."""
        outcomes = [[r.control_id, r.metric, str(r.outcome)] for r in self.results]
        record, reasons = self.record.model_dump(mode="json"), [[r.code, r.control_id] for r in self.reasons]
        return digest_of([self.policy.digest, list(self.receivers), record, outcomes, reasons])

    def is_older(self, result: ControlResult) -> bool:
        """Whether what `result` says stood at the evaluation; what the record tells is judged at `at`."""
        figure = figures().get(result.metric or "")
        return figure is None or figure.supplier is not Supplier.RECORD

    @property
    def missing(self) -> tuple[releases.MissingSignOff, ...]:
        return releases.missing_sign_offs(self.policy, self.record, participants=self.receivers)

    @property
    def card(self) -> dict:
        return self.draft.model_card

    @property
    def stages(self) -> list:
        return list(self.policy.stages.values())

    @property
    def digests(self) -> dict[str, str]:
        return self.draft.digests.model_dump(mode="json") | {"subject": self.draft.subject_digest}

    @property
    def factors(self) -> list[dict]:
        answered = (self.card.get("answers") or {}).get("factors", {})
        return [
            {"code": code, "text": f.text, "weight": f.weight, "value": value, "anchor": f.anchors[value],
             "because": (answered.get(code) or {}).get("because", "")}
            for code, f in self.policy.factors.items()
            if (value := self.draft.factors.get(code)) is not None
        ]  # fmt: skip

    @property
    def grade_reasons(self) -> tuple:
        try:
            return risk.grade(self.policy, self.draft.factors, self.draft.declared).reasons
        except CleanroomError:
            return ()

    def _with_results(self, control: dict) -> dict:
        return control | {"results": [r for r in self.results if r.control_id == control["control_id"]]}

    @cached_property
    def principles(self) -> list[dict]:
        """One row per principle: {"code", "text", "cells", "controls"}."""
        cells = matrix.build(self.policy, self.results)
        rows = []
        for principle in self.policy.principles:
            own = [_counted(c) for c in cells if c["principle"] == str(principle)]
            controls = [self._with_results(control) for cell in own for control in cell["controls"]]
            rows.append({"code": str(principle), "text": self.policy.principles[principle], "cells": own,
                         "controls": controls})  # fmt: skip
        return rows


def judge(policy: Policy, record: ReleaseRecord, *, receivers: Collection[str], at: datetime) -> Judged:
    return Judged(policy, record, tuple(sorted(set(receivers))), at)


def page(judged: Judged, language: str) -> str:
    """The report as one HTML file that loads nothing."""
    words = Words(language)
    tellers = {"named": naming.named, "limit": naming.limit, "detail": naming.detail, "said": _said}
    in_words = {name: partial(tell, words) for name, tell in tellers.items()}
    return _template().render(p=judged, w=words, css=_css(), moment=moment, figure=naming.figure, **in_words)


def _said(words: Words, value: Any) -> str:
    """A fact of the model card: moments in Asia/Taipei, lists one beside the other."""
    if isinstance(value, list | tuple):
        return words("list_sign").join(_said(words, one) for one in value)
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return moment(datetime.fromisoformat(value))
    return naming.figure(value) if isinstance(value, int | float) else words.pick(value)


def _counted(cell: dict) -> dict:
    applying = [c for c in cell["controls"] if c["applies"]]
    return {**cell, "applying": len(applying), "met": sum(c["outcome"] == "pass" for c in applying)}


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cleanroom.governance.reports", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


@cache
def _css() -> str:
    return (files("cleanroom.governance.reports") / "report.css").read_text(encoding="utf-8")
