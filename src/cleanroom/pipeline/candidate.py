"""The model that was trained last, as the weekly run finds it: kept while it earns its shadow days, else replaced.

Nothing that people have begun to decide on is touched here: what was submitted goes its own way at the portal while
the next candidate begins its shadow.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.errors import NotFound
from cleanroom.governance import candidates
from cleanroom.governance.policy import load_policy
from cleanroom.governance.reasons import Reason
from cleanroom.pipeline import artefacts, drift
from cleanroom.pipeline.steps import Detail
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import ReleaseState

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

_ASKED = Reason("anew", "a new one was asked for", "應要求重新訓練")
_NONE = Reason("none", "no model was trained here before", "此前未曾訓練模型")


@dataclass(frozen=True)
class Candidate:
    """`artefact`: digest of the model that was trained last, None where none was. `record`: its release at the portal.
    `ended`: why another one is to be trained; None where this one is kept."""

    artefact: str | None
    record: ReleaseRecord | None
    ended: Reason | None

    @property
    def is_kept(self) -> bool:
        return self.ended is None

    @property
    def is_undecided(self) -> bool:
        return self.record is not None and self.record.state is ReleaseState.EVALUATED

    @property
    def said(self) -> Detail:
        """For a candidate that is kept."""
        return _both("the candidate is kept and measured again; no other model was trained",
                     "候選模型續留並重新評估，未另行訓練")  # fmt: skip

    def replaced_by(self, artefact: str) -> Detail:
        """What became of it, in both languages."""
        if self.artefact is None or self.ended is None:
            return {}
        if artefact == self.artefact:
            return _both("the same data gave the same model; it goes on as before",
                         "相同資料訓練所得即為同一模型，一切照舊")  # fmt: skip
        en, zh_hant = self.ended.en, self.ended.zh_hant
        if self.is_undecided:
            return _both(f"the candidate before was withdrawn: {en}; the new one begins its own shadow",
                         f"前一候選模型已撤回：{zh_hant}；新模型自行起算影子日數")  # fmt: skip
        if self.record is None:
            return _both(f"the candidate before was never drafted and is left: {en}; the new one begins its own shadow",
                         f"前一候選模型未曾提出，不再使用：{zh_hant}；新模型自行起算影子日數")  # fmt: skip
        return _both(f"the candidate before goes its own way at the portal: {en}; the new one begins its own shadow",
                     f"前一候選模型於入口網站續行：{zh_hant}；新模型自行起算影子日數")  # fmt: skip


def look(room: "Room", *, now: datetime, anew: bool = False) -> Candidate:
    """Whether the model that was trained last is to be kept. Raises PolicyInvalid, PortalFault."""
    trained = artefacts.latest(room.settings)
    if trained is None:
        return Candidate(None, None, _NONE)
    record = record_of(room, trained)
    ended = candidates.why_ended(
        load_policy(room.settings.policy_file),
        record,
        trained_at=datetime.fromisoformat(trained.trained_at),
        now=now,
        drift=drift.last(room, record.draft.release_id) if record else None,
    )
    return Candidate(trained.digest, record, ended or (_ASKED if anew else None))


def record_of(room: "Room", trained: artefacts.Latest) -> ReleaseRecord | None:
    """None where it was not drafted, or where the portal does not hold it any more: then it is drafted again."""
    try:
        return room.portal.release(trained.release_id) if trained.release_id else None
    except NotFound:
        return None


def replace(room: "Room", found: Candidate, *, by: str) -> None:
    """Withdraw at the portal what nobody has decided on and another artefact replaces, so that nobody signs a model
    whose figures are not refreshed any more."""
    if found.is_undecided and found.ended is not None and by != found.artefact:
        why = Both(found.ended.en, found.ended.zh_hant).as_text
        room.portal.withdraw_release(found.record.draft.release_id, why[:400])


def _both(en: str, zh_hant: str) -> Detail:
    return {"candidate": en, "candidate_zh_hant": zh_hant}
