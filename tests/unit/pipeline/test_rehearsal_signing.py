"""Why the rehearsal's people let a control pass: whole sentences, whatever the figure says of itself."""

from datetime import UTC, datetime

import pytest

from cleanroom.contracts.governance import ControlResult
from cleanroom.pipeline.rehearsal import signing
from cleanroom.vocabulary.both import parted
from cleanroom.vocabulary.terms import ControlOutcome


@pytest.mark.parametrize("outcome", sorted(signing.REASONS))
@pytest.mark.parametrize("detail", ["between kinds of account, the worse", ""])
def test_a_waivers_reason_is_whole_sentences_in_both_languages(outcome, detail):
    zh_hant = "依帳戶種類比較，取較差者" if detail else ""
    found = ControlResult(control_id="FAI-3-01", outcome=ControlOutcome(outcome), metric="x", limit="<= 1",
                          detail=detail, detail_zh_hant=zh_hant, value=2.0,
                          measured_at=datetime(2026, 3, 2, tzinfo=UTC))  # fmt: skip
    said = signing._reason(found)
    assert parted(said.as_text) == said
    assert said.en.endswith(f": {detail or 'no evidence yet'}.")
    assert said.zh_hant.endswith(f"：{zh_hant or '尚無證據'}。")
