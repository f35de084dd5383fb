"""Small numbers: what a reader from one institution may not see of the others.

A count below the least cell could point at single people. The programme's own staff and auditors see it whole.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.accounts.models import User

LEAST_CELL = 5


def must_suppress(person: "User", *, institutions: tuple[str, ...]) -> bool:
    """Whether figures on these institutions are suppressed for the reader: not for the own, not for central staff."""
    return person.institution_code is not None and person.institution_code not in institutions


def shown_count(count: int, *, suppress: bool) -> str:
    """The count, or `< 5` where it is small and not the reader's own. Zero is shown: it points at nobody."""
    return f"< {LEAST_CELL}" if suppress and 0 < count < LEAST_CELL else f"{count:,}"


def shown_with(value: Any, count: int, *, suppress: bool) -> Any:
    """A figure that rests on `count` cases; None where it would tell of too few."""
    return None if suppress and 0 < count < LEAST_CELL else value
