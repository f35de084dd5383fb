"""The model as one file: canonical JSON with the trees as text and everything that is needed to score. Never a pickle.

Its name is its SHA-256: what a release binds to is exactly these bytes.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from cleanroom.contracts.canonical import canonical_bytes, parse_canonical
from cleanroom.errors import ArtefactRefused, CleanroomError
from cleanroom.scoring.calibration import LEAST_SLOPE, Calibration
from cleanroom.scoring.model import Trees
from cleanroom.vocabulary.both import Both

FORMAT = "cleanroom-score/1"
CAP_BYTES = 64 * 1024**2
_KEYS = {"format", "features", "reasons", "calibration", "training", "trees"}


@dataclass(frozen=True)
class Artefact:
    """`features` in the order of the trees' columns; `reasons` the reason code of each; `training` JSON facts:
    cut-off, accounts, watch-listed, parameters, data snapshot."""

    features: tuple[str, ...]
    reasons: tuple[str, ...]
    calibration: Calibration
    training: dict
    trees: str

    def to_bytes(self) -> bytes:
        return canonical_bytes(
            {
                "format": FORMAT,
                "features": list(self.features),
                "reasons": list(self.reasons),
                "calibration": {"slope": self.calibration.slope, "intercept": self.calibration.intercept},
                "training": self.training,
                "trees": self.trees,
            }
        )

    @property
    def digest(self) -> str:
        return digest_of_bytes(self.to_bytes())

    def model(self) -> Trees:
        return Trees(self.trees, len(self.features))


def digest_of_bytes(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def load(raw: bytes, *, digest: str) -> Artefact:
    """Read an artefact whose SHA-256 must be `digest`. Raises ArtefactRefused; nothing of other bytes is looked at."""
    if digest_of_bytes(raw) != digest:
        raise ArtefactRefused(
            "the model artefact is not the one that was released; nothing was scored with it",
            zh="模型成品與所放行者不同；未用以評分",
        )
    try:
        value = parse_canonical(raw, what=Both("the model artefact", "模型成品"))
    except CleanroomError as e:
        raise ArtefactRefused("the model artefact is not in its canonical form", zh="模型成品非正規格式") from e
    return _checked(value)


def _checked(value: object) -> Artefact:
    if not isinstance(value, dict) or set(value) != _KEYS or value["format"] != FORMAT:
        raise ArtefactRefused("the model artefact is of another format", zh="模型成品之格式版本不同")
    try:
        slope, intercept = float(value["calibration"]["slope"]), float(value["calibration"]["intercept"])
        found = Artefact(
            tuple(value["features"]),
            tuple(value["reasons"]),
            Calibration(slope, intercept),
            dict(value["training"]),
            str(value["trees"]),
        )
    except (KeyError, TypeError, ValueError) as e:
        raise ArtefactRefused("the model artefact lacks something", zh="模型成品缺少部分內容") from e
    if len(found.reasons) != len(found.features) or not np.isfinite(intercept) or slope < LEAST_SLOPE:
        raise ArtefactRefused("the model artefact contradicts itself", zh="模型成品內容自相矛盾")
    found.model()  # the text must be a model of that many features
    return found
