"""Small numbers: what a reader from one institution may not see of the others.

A count below the least cell could point at single people. The programme's own staff and auditors see it whole.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from portal.accounts.models import User

LEAST_CELL = 5
HIDDEN = "–"
Key = TypeVar("Key", bound=Hashable)


def must_suppress(person: "User", *, institutions: tuple[str, ...]) -> bool:
    """Whether figures on these institutions are suppressed for the reader: not for the own, not for central staff."""
    return person.institution_code is not None and person.institution_code not in institutions


def hidden_beside(counts: Mapping[Key, int], *, suppressed: Collection[Key]) -> set[Key]:
    """Which counts are left out beside the small ones, so that a total less all that is shown gives none of them.

    `suppressed`: those that are not the reader's own. The next larger ones are left out until at least two are missing
    and they add up to the least cell; where no other is left, nothing can be done beside hiding the total.
    """
    others = sorted((key for key in suppressed if counts[key]), key=lambda key: counts[key])
    small = [key for key in others if counts[key] < LEAST_CELL]
    missing, rest = list(small), others[len(small) :]
    while missing and rest and (len(missing) < 2 or sum(counts[key] for key in missing) < LEAST_CELL):
        missing.append(rest.pop(0))
    return set(missing) - set(small)


def shown_count(count: int, *, suppress: bool) -> str:
    """The count, or `< 5` where it is small and not the reader's own. Zero is shown: it points at nobody."""
    return f"< {LEAST_CELL}" if suppress and 0 < count < LEAST_CELL else f"{count:,}"


def shown_with(value: Any, count: int, *, suppress: bool) -> Any:
    """A figure that rests on `count` cases; None where it would tell of too few."""
    return None if suppress and 0 < count < LEAST_CELL else value
