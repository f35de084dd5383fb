"""Why an account scores as it does: additive contributions, summed by reason code."""

import numpy as np

from cleanroom.scoring.artefact import Artefact

SHOWN = 4  # reasons in a warning: more than an officer reads is no explanation


def reason_parts(artefact: Artefact, matrix: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Codes, rows x codes contributions to the margin, and the constant part per row."""
    contributions = artefact.model().contributions(matrix)
    codes = list(dict.fromkeys(artefact.reasons))
    of_code = np.array([[reason == code for code in codes] for reason in artefact.reasons], dtype=float)
    return codes, contributions[:, :-1] @ of_code, contributions[:, -1]


def reason_codes(codes: list[str], parts: np.ndarray, *, shown: int = SHOWN) -> list[list[str]]:
    """Per row the codes that raise the score, strongest first, at most `shown`."""
    order = np.argsort(-parts, axis=1, kind="stable")[:, :shown]
    return [[codes[i] for i in places if row[i] > 0] for row, places in zip(parts, order, strict=True)]


def explained_margins(parts: np.ndarray, constant: np.ndarray, *, shown: int = SHOWN) -> np.ndarray:
    """The margin rebuilt from the `shown` weightiest reasons of each row: what an explanation leaves out is missing."""
    order = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :shown]
    return constant + np.take_along_axis(parts, order, axis=1).sum(axis=1)
